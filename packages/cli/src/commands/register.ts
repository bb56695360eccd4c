import type { Command } from 'commander'
import { makeContext } from '../context.ts'
import type { ExitCode, Terminal } from '../terminal.ts'
import { addNoun, addVerb, type Runner } from './add-verb.ts'
import type { Noun, Verb } from './verb.ts'

/** Something that can be said first on a command line. Its code is loaded when it is said, so that no command pays for another's. */
type Entry =
  | { readonly name: string; readonly summary: string; readonly noun: () => Promise<Noun> }
  | { readonly name: string; readonly summary: string; readonly verb: () => Promise<Verb> }

const ENTRIES: readonly Entry[] = [
  { name: 'projects', summary: 'Projects: what owns everything else', noun: async () => (await import('./projects/noun.ts')).projects },
  { name: 'clusters', summary: 'Clusters that ask the gate', noun: async () => (await import('./clusters/noun.ts')).clusters },
  { name: 'policy', summary: 'The policy of a project', noun: async () => (await import('./policy/noun.ts')).policy },
  { name: 'attestors', summary: 'Attestors and their public keys', noun: async () => (await import('./attestors/noun.ts')).attestors },
  {
    name: 'notes',
    summary: 'Attestation authorities: the notes that attestations hang on',
    noun: async () => (await import('./notes/noun.ts')).notes,
  },
  {
    name: 'create-signature-payload',
    summary: 'Print the bytes that an attestor signs',
    verb: async () => (await import('./create-signature-payload.ts')).createSignaturePayload,
  },
  { name: 'attestations', summary: 'Attestations of images', noun: async () => (await import('./attestations/noun.ts')).attestations },
  {
    name: 'scan',
    summary: 'List what is in an image, and what is known to be wrong with it',
    verb: async () => (await import('./scan/scan.ts')).scan,
  },
  {
    name: 'signer',
    summary: 'Check an image’s vulnerabilities by a signing policy, and sign it',
    verb: async () => (await import('./signer/signer.ts')).signer,
  },
  {
    name: 'evaluate',
    summary: 'Judge manifests or images by a policy, before a cluster does',
    verb: async () => (await import('./evaluate.ts')).evaluate,
  },
  { name: 'exemptions', summary: 'Exemptions that end by themselves', noun: async () => (await import('./exemptions/noun.ts')).exemptions },
  { name: 'break-glass', summary: 'Break-glass: who may, and approved tokens', noun: async () => (await import('./break-glass/noun.ts')).breakGlass },
  { name: 'images', summary: 'Images in a registry', noun: async () => (await import('./images/noun.ts')).images },
  { name: 'audit', summary: 'The log of decisions and changes', noun: async () => (await import('./audit/noun.ts')).audit },
  { name: 'receipts', summary: 'Receipts of decisions', noun: async () => (await import('./receipts/noun.ts')).receipts },
  { name: 'tokens', summary: 'API tokens', noun: async () => (await import('./tokens/noun.ts')).tokens },
  { name: 'status', summary: 'How the server stands', verb: async () => (await import('./status.ts')).status },
  {
    name: 'install',
    summary: 'Print what an installation in a cluster is made of, for kubectl apply',
    verb: async () => (await import('./install.ts')).install,
  },
  {
    name: 'doctor',
    summary: 'Look for what is usually wrong with a guarded cluster',
    verb: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'uninstall',
    summary: 'Remove an installation from a cluster, the webhook configuration first',
    verb: async () => (await import('./uninstall.ts')).uninstall,
  },
  {
    name: 'certificates',
    summary: 'The webhook’s certificates in a cluster',
    noun: async () => (await import('./certificates/noun.ts')).certificates,
  },
]

/**
 * Adds every command to the program. Only the one that `word` names is loaded; the others show their summaries. Without
 * `word` all are loaded: for completion, and for whoever walks the whole tree.
 */
export async function registerCommands(
  program: Command,
  { terminal, finish, word }: { readonly terminal: Terminal; readonly finish: (code: ExitCode) => void; readonly word?: string },
): Promise<void> {
  const runner: Runner = { makeContext: (globals) => makeContext(terminal, globals), finish }
  for (const entry of ENTRIES) {
    if (word !== undefined && word !== entry.name) program.command(entry.name).description(entry.summary)
    else if ('noun' in entry) addNoun(program.command(entry.name).description(entry.summary), await entry.noun(), runner)
    else await addLoadedVerb(program, await entry.verb(), runner)
  }
}

async function addLoadedVerb(program: Command, verb: Verb, runner: Runner): Promise<void> {
  addVerb(program.command(verb.usage), verb, runner)
}
