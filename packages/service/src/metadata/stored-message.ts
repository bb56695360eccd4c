import { StatusError } from '@countersign/core/status.ts'
import type { Message } from './message.ts'
import { isMessage } from './message.ts'

/** The message of a stored note or occurrence. DATA_LOSS where the store's text is not one. */
export function messageOf(stored: { readonly name: string; readonly body: string }): Message {
  const message: unknown = JSON.parse(stored.body)
  if (!isMessage(message)) throw new StatusError('DATA_LOSS', `"${stored.name}" is damaged in the store`)
  return message
}
