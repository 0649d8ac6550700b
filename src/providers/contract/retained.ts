import type { Message } from '../../domain/message.ts';

const retained = new WeakMap<Message, number>();

/**
 * Notes how many characters a message keeps besides its properties, for those that are computed when they are first read, such as
 * the recipients. A cache that is bounded in bytes counts them. Returns the message.
 */
export function retaining(message: Message, chars: number): Message {
  retained.set(message, chars);
  return message;
}

export const retainedChars = (message: Message): number => retained.get(message) ?? 0;
