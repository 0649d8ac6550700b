/** The parts of Graph's answers that the suites read. The request decides which of them are present. */
export interface GraphAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: GraphBody;
  readonly bytes: Buffer;
}

export interface GraphBody extends GraphItem {
  readonly value: readonly GraphItem[];
  readonly error: { readonly code: string; readonly message: string; readonly innerError: object };
  readonly responses: readonly GraphPart[];
  readonly '@odata.nextLink': string;
  readonly '@odata.deltaLink': string;
  readonly '@odata.count': number;
}

/** One answer of a batch. */
interface GraphPart {
  readonly id: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: GraphBody;
}

/** A message, a folder, an attachment, a category, a subscription or an upload session. */
interface GraphItem {
  readonly id: string;
  readonly subject: string;
  readonly displayName: string;
  readonly name: string;
  readonly color: string;
  readonly mail: string;
  readonly isRead: boolean;
  readonly isDraft: boolean;
  readonly changeKey: string;
  readonly conversationId: string;
  readonly conversationIndex: string;
  readonly internetMessageId: string;
  readonly parentFolderId: string;
  readonly lastModifiedDateTime: string;
  readonly receivedDateTime: string;
  readonly expirationDateTime: string;
  readonly uploadUrl: string;
  readonly contentBytes: string;
  readonly body: { readonly contentType: string; readonly content: string };
  readonly uniqueBody: { readonly content: string };
  readonly toRecipients: readonly { readonly emailAddress: { readonly name: string; readonly address: string } }[];
  readonly internetMessageHeaders: readonly { readonly name: string; readonly value: string }[];
  readonly attachments: readonly GraphItem[];
  readonly singleValueExtendedProperties: readonly { readonly id: string; readonly value: string }[];
  readonly item: GraphItem;
  readonly isInline: boolean;
  readonly maxMessageSize: number;
  readonly '@odata.type': string;
  readonly '@odata.etag': string;
  readonly '@removed': { readonly reason: string };
}
