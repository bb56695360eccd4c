import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientEnvironment, type StartedServer, startServer } from '../../test/harness/server.ts'
import { plainEnvironment } from '../../test/harness/child.ts'
import { getPart, missingParts, runPart } from '../../test/harness/parts.ts'
import { tempFolder } from '../../test/harness/temp-folder.ts'
import { openCluster } from './cluster.ts'
import { makeDemoImage } from './image.ts'
import { setStage } from './stage.ts'
import { playStory, tearDown } from './story.ts'

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))

/**
 * Plays the story; 0 where every outcome was as told, 1 at the first surprise, 130 where a signal ended it. `--keep` leaves the server up until Ctrl-C.
 * Whatever the end, nothing is left running.
 */
async function main(argv: readonly string[]): Promise<number> {
  const missing = missingParts('gpg', 'gpgconf', 'curl')
  if (missing !== false) {
    process.stderr.write(`Cannot play the story: ${missing}\n`)
    return 1
  }
  const ended = endBySignal()
  const folder = tempFolder()
  const gnupg = join(folder, 'gpg')
  mkdirSync(gnupg, { mode: 0o700 })
  // Without it gpg tells of its trust database in the midst of the story.
  writeFileSync(join(gnupg, 'gpg.conf'), 'trust-model always\n')
  const image = await makeDemoImage(folder)
  const server = await startServer()
  try {
    const token = readFileSync(server.adminTokenFile, 'utf8').trim()
    const plain = plainEnvironment(clientEnvironment(server))
    const path = [bin, dirname(getPart('gpg').path), dirname(getPart('curl').path), plain['PATH']].join(':')
    const names = { PROJECT: 'my-project', COUNTERSIGN_PROJECT: 'my-project', TOKEN: token }
    const env = { ...plain, ...names, GNUPGHOME: gnupg, HOME: folder, PATH: path }
    const stage = setStage(folder, { env, signal: ended }, (text) => void process.stdout.write(text))
    await playStory(stage, { image, server, openCluster: (webhookUrl) => openCluster(webhookUrl, server.caFile) })
    if (argv.includes('--keep')) await keep(server, ended)
    else await tearDown(stage)
    return 0
  } catch (error) {
    process.stdout.write(ended.aborted ? '\nInterrupted\n' : `\n${error instanceof Error ? error.message : String(error)}\n`)
    return ended.aborted ? 130 : 1
  } finally {
    await runPart('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: gnupg } })
    await server.stop()
    await image.registry?.stop()
  }
}

/** Aborted by the first signal that asks this program to end. */
function endBySignal(): AbortSignal {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort())
  return ending.signal
}

/** Leaves everything up, says how to look around, and waits for Ctrl-C. */
async function keep({ apiUrl, adminTokenFile }: StartedServer, ended: AbortSignal): Promise<void> {
  const names = { COUNTERSIGN_SERVER: apiUrl, COUNTERSIGN_TOKEN_FILE: adminTokenFile, COUNTERSIGN_PROJECT: 'my-project' }
  const exported = Object.entries(names).map(([name, value]) => `  export ${name}=${value}\n`)
  const next = ['audit list', 'policy export', 'attestations list', 'status'].map((words) => `  npx countersign ${words}\n`)
  process.stdout.write(`\nThe server stays up until Ctrl-C. Look around from another terminal:\n\n${exported.join('')}\n${next.join('')}`)
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
}

process.exitCode = await main(process.argv.slice(2))
