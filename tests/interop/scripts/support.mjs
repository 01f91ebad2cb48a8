// What every script of this folder needs: where the gateway is, who asks, and how a finding is printed.
import { strict as assert } from "node:assert";

export { assert };
export const url = process.env.URL;
export const websocketUrl = process.env.WEBSOCKET_URL;
export const authorization = `Bearer ${process.env.TOKEN}`;
export const headers = { authorization };

/** One JSON line, which the test reads. */
export function print(finding) {
  console.log(JSON.stringify(finding));
}

/** Waits until `found()` is truthy, for a few seconds at most. */
export async function eventually(found, milliseconds = 5000) {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    const value = await found();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`did not come within ${milliseconds} ms`);
}

/** Runs `main` and ends the process, also where a client keeps a connection open. */
export function run(main) {
  main().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
