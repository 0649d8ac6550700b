/** The shades of Outlook's category colours, as Outlook itself shows them. Graph names a colour only by its number. */
export const CATEGORY_COLORS: Readonly<Record<string, string | null>> = {
  none: null,
  preset0: '#e7a1a2',
  preset1: '#f9ba89',
  preset2: '#f7dd8f',
  preset3: '#fcfa90',
  preset4: '#78d168',
  preset5: '#9fdcc9',
  preset6: '#c6d2b0',
  preset7: '#9db7e8',
  preset8: '#b5a1e2',
  preset9: '#daaec2',
  preset10: '#dad9dc',
  preset11: '#6b7994',
  preset12: '#bfbfbf',
  preset13: '#6f6f6f',
  preset14: '#4f4f4f',
  preset15: '#c11a25',
  preset16: '#e2620d',
  preset17: '#c79930',
  preset18: '#b9b300',
  preset19: '#368f2b',
  preset20: '#329b7a',
  preset21: '#778b45',
  preset22: '#2858a5',
  preset23: '#5c3fa3',
  preset24: '#93446b',
};

/** Returns the preset whose shade is nearest to a CSS hex colour, or null when `color` is not one. */
export function nearestPreset(color: string): string | null {
  const target = channels(color);
  if (!target) return null;
  let nearest: string | null = null;
  let leastDistance = Number.POSITIVE_INFINITY;
  for (const [preset, shade] of Object.entries(CATEGORY_COLORS)) {
    const own = shade === null ? null : channels(shade);
    if (!own) continue;
    const distance = own.reduce((sum, value, i) => sum + (value - (target[i] ?? 0)) ** 2, 0);
    if (distance < leastDistance) [nearest, leastDistance] = [preset, distance];
  }
  return nearest;
}

function channels(color: string): number[] | null {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color.trim());
  return hex ? hex.slice(1).map((pair) => Number.parseInt(pair, 16)) : null;
}
