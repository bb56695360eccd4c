import type { KritisEnd } from './fault.ts'
import type { KritisLog } from './kritis-log.ts'
import { EXIT, type ExitCode, type Terminal } from '../../terminal.ts'

const BASIC = ['mode', 'image']
const CHECK = ['policy', 'vulnz_timeout']
const SIGN = [
  'note_name',
  'attestation_project',
  'overwrite',
  'kms_key_name',
  'kms_digest_alg',
  'pgp_private_key',
  'pgp_passphrase',
  'pkix_private_key',
  'pkix_alg',
]
const IMAGE = 'registry.example/app@sha256:02115bc7…'
const EXAMPLES: Readonly<Record<string, string>> = {
  'check-and-sign': `-image=${IMAGE} -policy=policy.yaml -note_name=projects/demo/notes/built -pgp_private_key=key.asc`,
  'check-only': `-image=${IMAGE} -policy=policy.yaml`,
  'bypass-and-sign': `-image=${IMAGE} -note_name=projects/demo/notes/built -pgp_private_key=key.asc`,
}

/** Ends as kritis signer does: a fatal line, a crash, or the usage of the mode and then what is bad in its flags (kritis-and-grafeas.md §1.2). */
export function endAsKritis(
  { exit, text }: KritisEnd,
  mode: string,
  { terminal, log }: { readonly terminal: Terminal; readonly log: KritisLog },
): ExitCode {
  if (exit === 255) {
    log('FATAL', text)
    return EXIT.KRITIS_FATAL
  }
  if (exit === 2) {
    terminal.say(text)
    return EXIT.USAGE
  }
  const flags = [...BASIC, ...(mode === 'bypass-and-sign' ? [] : CHECK), ...(mode === 'check-only' ? [] : SIGN)]
  terminal.say(`Usage of signer's ${mode} mode:`)
  for (const flag of flags) terminal.say(`  -${flag}${flag === 'overwrite' ? '' : ' string'}`)
  terminal.say(`Example (${mode} mode):\n  countersign signer -mode=${mode} ${EXAMPLES[mode] ?? ''}`)
  terminal.say(`Bad flags for mode ${mode}: ${text}. `)
  return EXIT.NO
}
