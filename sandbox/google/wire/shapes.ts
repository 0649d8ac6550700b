import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';

/** The fields of a resource, which a body may contain and `fields` may name. `true` is a plain value. */
export interface Shape {
  readonly [field: string]: true | (() => Shape);
}
/** Has every field of the SDK's type, and no other. */
type ShapeOf<T> = { readonly [K in keyof Required<T>]: true | (() => Shape) };

const header: ShapeOf<gmail_v1.Schema$MessagePartHeader> = { name: true, value: true };
const partBody: ShapeOf<gmail_v1.Schema$MessagePartBody> = { attachmentId: true, data: true, size: true };
const part: ShapeOf<gmail_v1.Schema$MessagePart> = {
  body: () => partBody,
  filename: true,
  headers: () => header,
  mimeType: true,
  partId: true,
  parts: () => part,
};
const classification: ShapeOf<gmail_v1.Schema$ClassificationLabelValue> = { fields: () => ({}), labelId: true };
const message: ShapeOf<gmail_v1.Schema$Message> = {
  classificationLabelValues: () => classification,
  historyId: true,
  id: true,
  internalDate: true,
  labelIds: true,
  payload: () => part,
  raw: true,
  sizeEstimate: true,
  snippet: true,
  threadId: true,
};
const thread: ShapeOf<gmail_v1.Schema$Thread> = { historyId: true, id: true, messages: () => message, snippet: true };
const draft: ShapeOf<gmail_v1.Schema$Draft> = { id: true, message: () => message };
const color: ShapeOf<gmail_v1.Schema$LabelColor> = { backgroundColor: true, textColor: true };
const label: ShapeOf<gmail_v1.Schema$Label> = {
  color: () => color,
  id: true,
  labelListVisibility: true,
  messageListVisibility: true,
  messagesTotal: true,
  messagesUnread: true,
  name: true,
  threadsTotal: true,
  threadsUnread: true,
  type: true,
};
const wrapped: ShapeOf<gmail_v1.Schema$HistoryMessageAdded> = { message: () => message };
const relabelled: ShapeOf<gmail_v1.Schema$HistoryLabelAdded> = { labelIds: true, message: () => message };
const history: ShapeOf<gmail_v1.Schema$History> = {
  id: true,
  labelsAdded: () => relabelled,
  labelsRemoved: () => relabelled,
  messages: () => message,
  messagesAdded: () => wrapped,
  messagesDeleted: () => wrapped,
};
const sendAs: ShapeOf<gmail_v1.Schema$SendAs> = {
  displayName: true,
  isDefault: true,
  isPrimary: true,
  replyToAddress: true,
  sendAsEmail: true,
  signature: true,
  smtpMsa: () => ({ host: true, password: true, port: true, securityMode: true, username: true }),
  treatAsAlias: true,
  verificationStatus: true,
};
const page = { nextPageToken: true, resultSizeEstimate: true } as const;
const messageList: ShapeOf<gmail_v1.Schema$ListMessagesResponse> = { ...page, messages: () => message };
const threadList: ShapeOf<gmail_v1.Schema$ListThreadsResponse> = { ...page, threads: () => thread };
const draftList: ShapeOf<gmail_v1.Schema$ListDraftsResponse> = { ...page, drafts: () => draft };
const labelList: ShapeOf<gmail_v1.Schema$ListLabelsResponse> = { labels: () => label };
const historyList: ShapeOf<gmail_v1.Schema$ListHistoryResponse> = {
  history: () => history,
  historyId: true,
  nextPageToken: true,
};
const sendAsList: ShapeOf<gmail_v1.Schema$ListSendAsResponse> = { sendAs: () => sendAs };
const profile: ShapeOf<gmail_v1.Schema$Profile> = {
  emailAddress: true,
  historyId: true,
  messagesTotal: true,
  threadsTotal: true,
};
const watchRequest: ShapeOf<gmail_v1.Schema$WatchRequest> = {
  labelFilterAction: true,
  labelFilterBehavior: true,
  labelIds: true,
  topicName: true,
};
const watchResponse: ShapeOf<gmail_v1.Schema$WatchResponse> = { expiration: true, historyId: true };
const modify: ShapeOf<gmail_v1.Schema$ModifyMessageRequest> = {
  addClassificationLabels: () => classification,
  addLabelIds: true,
  removeClassificationLabelIds: true,
  removeLabelIds: true,
};
const batchModify: ShapeOf<gmail_v1.Schema$BatchModifyMessagesRequest> = { ...modify, ids: true };
const modifyThread: ShapeOf<gmail_v1.Schema$ModifyThreadRequest> = { addLabelIds: true, removeLabelIds: true };
const batchDelete: ShapeOf<gmail_v1.Schema$BatchDeleteMessagesRequest> = { ids: true };

export const SHAPES = {
  message,
  thread,
  draft,
  label,
  partBody,
  sendAs,
  messageList,
  threadList,
  draftList,
  labelList,
  historyList,
  sendAsList,
  profile,
  watchRequest,
  watchResponse,
  modify,
  batchModify,
  modifyThread,
  batchDelete,
} satisfies Record<string, Shape>;
