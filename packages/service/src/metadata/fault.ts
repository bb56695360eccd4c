import type { Message } from './message.ts'
import { isMessage, listOf, textOf } from './message.ts'

/** How many faults of one list are looked for: a client can send many more than anybody reads. */
export const MAX_TOLD = 50

/** Finds what is wrong with one message, in the reference server's words and order (kritis-and-grafeas.md §4.6). */
export type FindFaults = (message: Message) => readonly string[]

/** `affected_cpe_uri is required`, for each of these texts that is empty. */
export function findMissing(message: Message, members: readonly string[]): readonly string[] {
  return members.filter((member) => textOf(message[member]) === '').map((member) => `${snakeCase(member)} is required`)
}

/** The faults of a list's elements, each after its place: `details[0].…`. Ends where they are more than anybody reads. */
export function findEach(message: Message, member: string, find: FindFaults): readonly string[] {
  const faults: string[] = []
  for (const [index, item] of listOf(message[member]).entries()) {
    if (faults.length >= MAX_TOLD) break
    faults.push(...within(`${snakeCase(member)}[${index}].`, find(isMessage(item) ? item : {})))
  }
  return faults
}

/** The faults of a list that needs an element. */
export function findNeeded(message: Message, member: string, find: FindFaults): readonly string[] {
  return listOf(message[member]).length === 0 ? [`${snakeCase(member)} is required`] : findEach(message, member, find)
}

/** Faults with where they are before them. */
export function within(prefix: string, faults: readonly string[]): readonly string[] {
  return faults.map((fault) => `${prefix}${fault}`)
}

/** `affectedCpeUri` → `affected_cpe_uri`: texts name members as the protos do. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
