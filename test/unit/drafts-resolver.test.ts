import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Context } from '../../src/graphql/context.ts';
import type { ViewerMail } from '../../src/mail/account/viewer-mail.ts';
import { DraftsResolver } from '../../src/mail/api/draft/drafts.resolver.ts';
import type { Composer } from '../../src/mail/compose/composer.ts';
import { Drafts } from '../../src/mail/compose/drafts.ts';
import { fakeAccount } from '../support/fakes/fake-account.ts';

it('names the field that a provider refuses by its path from the input', async () => {
  const account = fakeAccount('gmail', {
    saveDraft: async () => {
      throw new MailError('INVALID', 'The attachments are too large.', { field: ['attachments'] });
    },
  });
  const resolver = new DraftsResolver(
    () => ({ find: async () => account }) as unknown as ViewerMail,
    new Drafts({
      composer: { compose: async () => ({ attachments: [] }) } as unknown as Composer,
      deleted: async () => {},
    }),
  );
  const context = { principal: { userId: 'user' } } as unknown as Context;
  const { draft, userErrors } = await resolver.saveDraft({ integration: encodeId('Integration', 'gmail') }, context);
  expect(draft).toBeNull();
  expect(userErrors).toMatchObject([{ code: 'INVALID', field: ['input', 'attachments'] }]);
});
