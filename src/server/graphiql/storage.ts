/** What GraphiQL keeps for one user: tabs that were filled in with somebody else's ids, or a former sandbox's, are not shown again. */
export function storageOf(viewer: string | null) {
  const prefix = `postern:${viewer ?? ''}:`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key: string) => localStorage.getItem(prefix + key),
    setItem: (key: string, value: string) => localStorage.setItem(prefix + key, value),
    removeItem: (key: string) => localStorage.removeItem(prefix + key),
    get length() {
      return keys().length;
    },
    clear() {
      for (const key of keys()) localStorage.removeItem(key);
    },
  };
}
