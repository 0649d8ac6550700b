import { json, type Tab } from './tab.ts';

/** What changes something. An operation beside the first of a tab finds what that one needs; GraphiQL runs the one that the cursor is in. */
export function writingTabs(integrationId: string | null): Tab[] {
  return [
    { query: SEND, variables: json(sendVariables(integrationId)) },
    { query: REPLY, variables: json(replyVariables(integrationId)) },
    { query: UNDO, variables: json(undoVariables(integrationId)) },
    { query: SCHEDULE, variables: json(scheduleVariables(integrationId)) },
    {
      query: ORGANISE,
      variables: json({ input: { ids: ['paste ids of messages and threads', 'of any accounts'], isRead: true } }),
    },
  ];
}

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
  integration: integrationId ?? 'paste the id of one of viewer.integrations',
  to: [{ address: 'demo@outlook.example' }],
  subject: 'Hello from Postern',
  text: 'Sent from GraphiQL.',
});

const sendVariables = (integrationId: string | null) => ({
  input: { idempotencyKey: 'first-mail-from-graphiql', message: firstMessage(integrationId) },
});

const REPLY = `# Recipients, subject, the quoted original and its
# place in the conversation come from "reply". Paste
# an id from WhatToAnswer, and one of an attachment:
# it may be in the other account, and its bytes never
# pass through you. A file of your own goes up first,
# from a terminal, and is then named by "upload":
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

const replyVariables = (integrationId: string | null) => ({
  input: {
    integration: integrationId ?? 'paste the id of one of viewer.integrations',
    reply: 'paste the id of a message',
    replyAll: true,
    text: 'Here it is.',
    attachments: [{ attachment: 'paste the id of an attachment', filename: 'for-you.pdf' }],
  },
});

const UNDO = `# It is held back for a minute, and Undo stops it for
# certain in that time: paste the submission's id.
# WatchIt tells each step as it happens.
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

mutation Undo {
  cancelSubmission(input: { submission: "paste the id" }) {
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
  input: { idempotencyKey: 'undo-from-graphiql', undoSeconds: 60, message: firstMessage(integrationId) },
});

const SCHEDULE = `# It goes at sendAt, up to a year ahead, also when the
# gateway was restarted in between. Scheduled lists
# what waits; cancelSubmission stops it until it goes.
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
    idempotencyKey: 'schedule-from-graphiql',
    sendAt: new Date(Date.now() + 86_400_000).toISOString(),
    message: firstMessage(integrationId),
  },
});

const ORGANISE = `# Up to 1,000 messages and threads of any accounts in
# one go, with an answer for each: one that is gone
# takes nothing from the others. archive, trash,
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
