import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { noSuchMessage } from '../../../domain/error.ts';
import { accountId } from '../../../domain/global-id.ts';
import type { Context } from '../../../graphql/context.ts';
import { UserError, userErrorOf } from '../../../graphql/errors/user-error.type.ts';
import { withErrorField } from '../../account/input-error.ts';
import type { Unsubscriber } from '../../unsubscribe/unsubscriber.ts';
import type { MailOf } from '../mail-of.ts';
import { UnsubscribeInput, UnsubscribePayload } from './unsubscribe.type.ts';

const FIELD = ['input', 'message'];

@Resolver()
export class UnsubscribeResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly unsubscriber: Unsubscriber,
  ) {}

  @Mutation(() => UnsubscribePayload, {
    description:
      'Unsubscribes from the mailing list that sent a message. If the list supports it, this is a one-click request (RFC 8058) to its server. Otherwise it is the mail that the list asks for. Only public https addresses are requested, and redirects are not followed. When only a person can unsubscribe, the payload has the `url` to open.',
  })
  async unsubscribe(
    @Arg('input', () => UnsubscribeInput, { description: 'The mailing list, by one of its messages.' })
    input: UnsubscribeInput,
    @Ctx() context: Context,
  ): Promise<UnsubscribePayload> {
    const mail = this.mailOf(context);
    try {
      const { method, url, problem } = await withErrorField(FIELD, async () => {
        const { integrationId, providerId } = accountId(input.message, 'Message');
        const account = await mail.find(integrationId);
        if (!account) throw noSuchMessage();
        return this.unsubscriber.unsubscribe(account, providerId);
      });
      return new UnsubscribePayload(method, url, problem ? [new UserError(problem.code, problem.message, FIELD)] : []);
    } catch (error) {
      return new UnsubscribePayload(null, null, [userErrorOf(error)]);
    }
  }
}
