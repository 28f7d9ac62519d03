// Waiting for a condition, never for a time: a slow machine makes a test slow, not wrong.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// How much longer than usual: a soak loads the machine as no test does.
const PATIENCE = Number(process.env.TEST_PATIENCE ?? 1);

/**
 * Waits until `condition()` returns (or resolves to) something truthy, and returns that.
 * After `withinMs` throws an error that names `what` and, where given, what `look()` sees.
 */
export async function until(what, condition, { withinMs = 30_000, everyMs = 100, look } = {}) {
  const limitMs = withinMs * PATIENCE;
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) {
      const seen = look ? `; seen:\n${await look()}` : '';
      throw new Error(`waited ${limitMs / 1000} s for: ${what}${seen}`);
    }
    await sleep(everyMs);
  }
}
