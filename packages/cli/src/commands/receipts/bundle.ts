import type { SealedReceipt } from '@countersign/evidence/record/receipt.ts'
import type { BundledInput } from '@countersign/evidence/record/replayer.ts'
import { type Api, isTree, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'

/** A line of a bundle (docs/spec/receipt.md): an input, before the first receipt that needs it, or a receipt. */
export type BundleLine = BundledInput | SealedReceipt

const PAGE_SIZE = 200

/** A project's receipts from a moment on with the inputs that they name, a page at a time: a log is longer than memory. */
export async function* readBundle(api: Api, project: string, startTime: string | undefined): AsyncGenerator<BundleLine> {
  const told = new Set<string>()
  for (let pageToken: string | undefined; pageToken !== ''; ) {
    const query = { startTime, pageSize: PAGE_SIZE, pageToken }
    const answer: Tree = await api.call('GET', pathOf('/countersign/v1', `projects/${project}/receipts`), { query })
    for (const receipt of treesIn(answer, 'receipts')) yield* withInputs(api, receipt, told)
    pageToken = textIn(answer, 'nextPageToken')
  }
}

/** One receipt with its inputs. */
export async function* readOne(api: Api, name: string): AsyncGenerator<BundleLine> {
  yield* withInputs(api, await api.call('GET', pathOf('/countersign/v1', name)), new Set())
}

/** Asks for versions only where the receipt names some that no receipt before named. */
async function* withInputs(api: Api, receipt: Tree, told: Set<string>): AsyncGenerator<BundleLine> {
  const canonical = textIn(receipt, 'canonical')
  const { policy, systemPolicy, attestors }: Tree = JSON.parse(canonical)
  const named = JSON.stringify([policy, systemPolicy, attestors])
  const name = textIn(receipt, 'name')
  if (!told.has(named)) {
    for (const input of inputsOf(await api.call('GET', pathOf('/countersign/v1', `${name}:versions`)), name.split('/')[1] ?? '')) {
      const line = JSON.stringify(input)
      if (!told.has(line)) yield input
      told.add(line)
    }
    told.add(named)
  }
  yield { digest: name.split('/').at(-1) ?? '', canonical }
}

function* inputsOf({ policy, systemPolicy, attestors }: Tree, project: string): Generator<BundledInput> {
  if (isTree(policy)) yield { policy: policy['policy'], project, etag: textIn(policy, 'etag') }
  if (isTree(systemPolicy)) yield { systemPolicy: systemPolicy['policy'], etag: textIn(systemPolicy, 'etag') }
  for (const attestor of treesIn({ attestors }, 'attestors')) yield { attestor: attestor['attestor'], etag: textIn(attestor, 'etag') }
}

/** Reads a bundle: one JSON object in each line. UsageError with the line that is none. */
export function* parseBundle(text: string, file: string): Generator<BundleLine> {
  let number = 0
  for (const line of text.split('\n')) {
    number++
    if (line !== '') yield parseLine(line, `${file}:${number}`)
  }
}

function parseLine(line: string, place: string): BundleLine {
  const tree = parseTree(line)
  const { canonical, digest, etag, project } = tree
  if (typeof canonical === 'string' && typeof digest === 'string') return { canonical, digest }
  if (typeof etag === 'string') {
    if ('policy' in tree && typeof project === 'string') return { policy: tree['policy'], project, etag }
    if ('systemPolicy' in tree) return { systemPolicy: tree['systemPolicy'], etag }
    if ('attestor' in tree) return { attestor: tree['attestor'], etag }
  }
  throw new UsageError(
    `${place}: this line is no part of a bundle of receipts`,
    'A bundle is made with: countersign receipts export > receipts.jsonl',
  )
}

function parseTree(line: string): Tree {
  try {
    const tree: unknown = JSON.parse(line)
    return isTree(tree) ? tree : {}
  } catch {
    return {}
  }
}
