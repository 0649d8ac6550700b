/** The sandbox cannot start with these settings. The message is one line for the person who started it. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}
