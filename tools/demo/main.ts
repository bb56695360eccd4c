import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { clientEnvironment, type StartedServer, startServer } from '../../test/harness/server.ts'
import { plainEnvironment } from '../../test/harness/child.ts'
import { getPart, missingParts, runPart } from '../../test/harness/parts.ts'
import { tempFolder } from '../../test/harness/temp-folder.ts'
import { openCluster } from './cluster.ts'
import { makeDemoImage } from './image.ts'
import { setStage } from './stage.ts'
import { playStory } from './story.ts'

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))

/** Plays the story; 0 where every outcome was as told, 1 at the first surprise. `--keep` leaves the server up until Ctrl-C. */
async function main(argv: readonly string[]): Promise<number> {
  const missing = missingParts('gpg', 'gpgconf', 'curl')
  if (missing !== false) {
    process.stderr.write(`Cannot play the story: ${missing}\n`)
    return 1
  }
  const folder = tempFolder()
  const gnupg = join(folder, 'gpg')
  mkdirSync(gnupg, { mode: 0o700 })
  const image = await makeDemoImage(folder)
  const server = await startServer()
  try {
    const token = readFileSync(server.adminTokenFile, 'utf8').trim()
    const plain = plainEnvironment(clientEnvironment(server))
    const path = [bin, dirname(getPart('gpg').path), dirname(getPart('curl').path), plain['PATH']].join(':')
    const names = { PROJECT: 'my-project', COUNTERSIGN_PROJECT: 'my-project', TOKEN: token }
    const env = { ...plain, ...names, GNUPGHOME: gnupg, HOME: folder, PATH: path }
    const stage = setStage(folder, env, (text) => void process.stdout.write(text))
    await playStory(stage, { image, server, openCluster: (webhookUrl) => openCluster(webhookUrl, server.caFile) })
    if (argv.includes('--keep')) await keep(server)
    return 0
  } catch (error) {
    process.stdout.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await runPart('gpgconf', ['--kill', 'all'], { env: { GNUPGHOME: gnupg } })
    await server.stop()
    await image.registry?.stop()
  }
}

/** Leaves everything up, says how to look around, and waits for Ctrl-C. */
async function keep({ apiUrl, adminTokenFile }: StartedServer): Promise<void> {
  const env = `COUNTERSIGN_SERVER=${apiUrl} COUNTERSIGN_TOKEN_FILE=${adminTokenFile} COUNTERSIGN_PROJECT=my-project`
  process.stdout.write(`\nThe server stays up until Ctrl-C. Look around:\n\n  ${env} npx countersign audit list\n  ${env} npx countersign status\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}

process.exitCode = await main(process.argv.slice(2))
