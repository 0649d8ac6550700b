/** The headers of an envelope, which are requested with format=metadata. */

export const ENVELOPE_HEADERS = [
  'From',
  'Sender',
  'To',
  'Cc',
  'Bcc',
  'Reply-To',
  'Subject',
  'Date',
  'Message-ID',
] as const;
export const ENVELOPE_FIELDS = 'id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload/headers';
export const FULL_FIELDS = 'id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload';
