/** The sandbox cannot be started or set up as asked. The message is one line for the person who asked. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}
