/**
 * What a flow tells the page that it goes back to. A parameter of the caller's under one of these names goes, however it
 * is spelled: the page must never read the caller's word, or the first or last of two, for ours.
 */
const OURS =
  /^[\s\0]*(status|integration|code|message|token|address|provider|flow|error|error_description)[\s\0]*([[.].*)?$/isu;

/** `redirectUri` with `answer` in its query, and with what the caller had there beside our names. */
export function withAnswer(redirectUri: string, answer: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  const kept = [...url.searchParams].filter(([name]) => !OURS.test(name));
  url.search = new URLSearchParams([...kept, ...Object.entries(answer)]).toString();
  return url.href;
}
