import type { Verb } from '../verb.ts'
import { readPolicyFile, tellNotes } from './read-file.ts'

export const validatePolicy: Verb = {
  usage: 'validate <file>',
  summary: 'Check a policy file and say what is wrong with it, with line and column',
  details: 'Asks no server. What is allowed but seldom meant is a warning and does not fail.',
  examples: ['countersign policy validate policy.yaml'],
  async run(context, given) {
    const file = given.argument(0)
    const { notes } = await readPolicyFile(context.terminal, file)
    tellNotes(context, file, notes)
    context.terminal.say(`Policy file "${file}" is valid.`)
  },
}
