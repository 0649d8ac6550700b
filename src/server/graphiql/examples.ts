import type { PageSession } from './session.ts';

/**
 * The values for the examples, from the user's own mail, so that each example runs unchanged. Null if there are none.
 */
export interface Examples {
  readonly viewer: string | null;
  readonly integration: string | null;
  /** Some of the newest messages, for organising. */
  readonly messages: readonly string[];
  /** A message with a file, for replying. */
  readonly answered: { readonly message: string; readonly integration: string; readonly attachment: string } | null;
  /** A provider that this gateway is configured for. */
  readonly provider: string | null;
}

export const NO_EXAMPLES: Examples = { viewer: null, integration: null, messages: [], answered: null, provider: null };

/** The time-out for an account that hangs. The page then asks the user to paste ids. */
const READ_TIMEOUT_MS = 5_000;

const READ = `{
  providers { id configured connectMethods }
  viewer {
    id
    integrations { id }
    messages(first: 2, filter: { role: INBOX }) { nodes { id } }
    files: messages(first: 1, search: "has:attachment in:inbox") {
      nodes { id integration { id } attachments(inline: false) { id } }
    }
  }
}`;

interface Answer {
  readonly data?: {
    readonly providers: readonly { id: string; configured: boolean; connectMethods: readonly string[] }[];
    readonly viewer: {
      readonly id: string;
      readonly integrations: readonly { id: string }[];
      readonly messages: { readonly nodes: readonly ({ id: string } | null)[] };
      readonly files: {
        readonly nodes: readonly ({
          id: string;
          integration: { id: string };
          attachments: readonly { id: string }[] | null;
        } | null)[];
      };
    };
  } | null;
}

/** Reads the values and never throws. Without a response, the examples ask the user to paste ids. */
export async function readExamples(session: PageSession): Promise<Examples> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await session.accessToken()}` },
      body: JSON.stringify({ query: READ }),
      signal: AbortSignal.timeout(READ_TIMEOUT_MS),
    });
    const { data } = (await response.json()) as Answer;
    if (!data) return NO_EXAMPLES;
    const { viewer, providers } = data;
    const [file] = viewer.files.nodes;
    const attachment = file?.attachments?.[0]?.id;
    return {
      viewer: viewer.id,
      integration: viewer.integrations[0]?.id ?? null,
      messages: viewer.messages.nodes.flatMap((node) => node?.id ?? []),
      answered: file && attachment ? { message: file.id, integration: file.integration.id, attachment } : null,
      provider: providers.find((one) => one.connectMethods.includes('AUTHORIZATION_CODE'))?.id ?? null,
    };
  } catch {
    return NO_EXAMPLES;
  }
}
