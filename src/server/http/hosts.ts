const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The Host headers that the sandbox accepts. Another site can point its own domain name at 127.0.0.1 and would then
 * have our origin (DNS rebinding), but its requests still carry its name.
 */
export class HostList {
  private readonly names: ReadonlySet<string>;

  constructor(publicUrl: string) {
    this.names = new Set([...LOOPBACK, new URL(publicUrl).hostname]);
  }

  allows(header: string | undefined): boolean {
    if (!header) return false;
    try {
      return this.names.has(new URL(`http://${header}`).hostname);
    } catch {
      return false;
    }
  }
}

export const FOREIGN_HOST = 'The sandbox answers on loopback only: use http://localhost or http://127.0.0.1.\n';
