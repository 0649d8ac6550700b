import type { Examples } from './examples.ts';
import { ANSWERED, INTEGRATION, MESSAGE, SUBMISSION } from './placeholder.ts';
import { json, type Tab } from './tab.ts';

/**
 * The tabs with mutations. The second operation of a tab finds what the first one needs. GraphiQL runs the operation at
 * the cursor.
 */
export function writingTabs(examples: Examples): Tab[] {
  const { integration } = examples;
  return [
    { query: SEND, variables: json(sendVariables(integration)) },
    { query: REPLY, variables: json(replyVariables(examples)) },
    { query: UNDO, variables: json(undoVariables(integration)) },
    { query: SCHEDULE, variables: json(scheduleVariables(integration)) },
    { query: ORGANISE, variables: json(organiseVariables(examples)) },
  ];
}

/** Each visit has its own key, so that a page that is opened again sends new mail. */
const key = (name: string): string => `${name}-${Date.now().toString(36)}`;

const SEND = `# The same idempotencyKey never sends twice:
# change it to send another. See the variables below.
mutation Send($input: SendInput!) {
  send(input: $input) {
    submission {
      id
      status
      problem { code message }
    }
    userErrors { code message field }
  }
}
`;

const firstMessage = (integrationId: string | null) => ({
  integration: integrationId ?? INTEGRATION,
  to: [{ address: 'demo@outlook.example' }],
  subject: 'Hello from Postern',
  text: 'Sent from GraphiQL.',
});

const sendVariables = (integrationId: string | null) => ({
  input: { idempotencyKey: key('mail-from-graphiql'), message: firstMessage(integrationId) },
});

const REPLY = `# Recipients, subject, the quoted original and its
# thread come from "reply". WhatToAnswer lists other
# ids. An attachment may be in the other account: you
# need not download and upload it.
# Upload a file of your own first, from a terminal,
# then give its id as "upload":
#
# curl --data-binary @plan.pdf \\
#   -H 'authorization: Bearer <access token>' \\
#   'http://.../upload?filename=plan.pdf'
mutation Reply($input: ComposeInput!) {
  saveDraft(input: $input) {
    draft {
      id
      version
      message {
        to { name address }
        subject
        body { text }
        attachments { filename sizeBytes }
      }
    }
    userErrors { code message field }
  }
}

query WhatToAnswer {
  viewer {
    messages(first: 5, search: "has:attachment") {
      nodes {
        id
        subject
        from { name address }
        integration { id address }
        attachments { id filename }
      }
    }
  }
}
`;

const replyVariables = ({ answered }: Examples) => ({
  input: {
    integration: answered?.integration ?? ANSWERED.integration,
    reply: answered?.message ?? ANSWERED.message,
    replyAll: true,
    text: 'Here it is.',
    attachments: [{ attachment: answered?.attachment ?? ANSWERED.attachment }],
  },
});

const UNDO = `# The message is held back for a minute, during which
# Undo always cancels it: this page fills in its id.
# WatchIt reports each change of its status.
mutation SendWithUndo($input: SendInput!) {
  send(input: $input) {
    submission {
      id
      status
      undoUntil
    }
    userErrors { code message field }
  }
}

mutation Undo($submission: ID!) {
  cancelSubmission(input: { submission: $submission }) {
    submission { status }
    userErrors { code message }
  }
}

subscription WatchIt {
  submissionChanged {
    submission { id status problem { code message } }
  }
}
`;

const undoVariables = (integrationId: string | null) => ({
  input: { idempotencyKey: key('undo-from-graphiql'), undoSeconds: 60, message: firstMessage(integrationId) },
  submission: SUBMISSION,
});

const SCHEDULE = `# The message is sent at sendAt, up to a year ahead,
# also if the gateway restarts before. Scheduled lists
# those that wait; cancelSubmission cancels one.
mutation Schedule($input: SendInput!) {
  send(input: $input) {
    submission {
      id
      status
      sendAt
    }
    userErrors { code message field }
  }
}

query Scheduled {
  viewer {
    submissions(status: [SCHEDULED]) {
      nodes {
        id
        sendAt
        integration { address }
      }
    }
  }
}
`;

const scheduleVariables = (integrationId: string | null) => ({
  input: {
    idempotencyKey: key('schedule-from-graphiql'),
    sendAt: new Date(Date.now() + 86_400_000).toISOString(),
    message: firstMessage(integrationId),
  },
});

const organiseVariables = ({ messages }: Examples) => ({
  input: {
    ids: messages.length > 0 ? messages : [MESSAGE],
    isRead: true,
  },
});

const ORGANISE = `# Up to 1,000 messages and threads of any accounts in
# one call, with a result for each: a failure of one
# does not affect the others. archive, trash,
# markJunk and moveMessages work the same way.
mutation Organise($input: UpdateMessagesInput!) {
  updateMessages(input: $input) {
    results {
      target
      node {
        ... on Message { subject isRead mailboxes { name } }
        ... on Thread { subject isUnread }
      }
      problem { code message }
    }
    userErrors { code message field }
  }
}

query WhatToOrganise {
  viewer {
    messages(first: 50, filter: { isRead: false }) {
      nodes {
        id
        subject
        integration { address }
      }
    }
  }
}
`;
