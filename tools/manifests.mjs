import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './set-up.mjs'

/** Names that people replace by their own are written in capitals, where the renderer lets them. */
const webhook = ['--webhook-path', '/v1/webhook/SEGMENT']
const gate = ['--upstream', 'https://countersign.example:8080', '--cluster', 'location.cluster', '--project', 'my-project', ...webhook]
const files = {
  'server.yaml': [],
  'server-with-webhook.yaml': webhook,
  'gate.yaml': gate,
  'gate-cert-manager.yaml': [...gate, '--certificates', 'cert-manager'],
  'gate-on-premises.yaml': [...gate, '--on-premises'],
}

/**
 * Renders `deploy/manifests` by the command that people have, each file with its command above it.
 *
 * @returns {Map<string, string>} by file name
 */
export function renderManifests() {
  const binary = join(root, 'packages/countersign/bin/countersign.mjs')
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_')))
  return new Map(
    Object.entries(files).map(([name, options]) => {
      const command = ['install', '--print', ...options]
      const printed = execFileSync(process.execPath, [binary, ...command], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
      return [name, `# countersign ${command.join(' ')}\n${printed}`]
    }),
  )
}
