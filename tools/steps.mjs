import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runBounded } from './bounded-run.mjs'
import { root } from './set-up.mjs'

const bin = (name) => join(root, 'node_modules', '.bin', name)

/** The checks that are programs: each passes when it ends with code 0. */
export const steps = [
  { name: 'format', command: [bin('biome'), 'format', '--colors=off', '--reporter=summary'], mend: 'npx biome format --write' },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--quiet'], mend: 'npx oxlint --type-aware --fix' },
  { name: 'types', command: [bin('tsc'), '-p', root, '--pretty', 'false'] },
  { name: 'unused', command: [bin('knip'), '--no-progress', '--no-config-hints'] },
  {
    name: 'generated',
    command: [process.execPath, join(root, 'tools/generate.mjs'), '--check'],
    needs: 'tools/generate.mjs',
    mend: 'node tools/generate.mjs',
  },
]

/**
 * Runs one step.
 *
 * @param {{ command: string[], needs?: string, mend?: string }} step
 * @returns {Promise<{ ok: boolean, output: string } | undefined>} undefined where the step has nothing to look at
 */
export async function runStep(step) {
  if (step.needs !== undefined && !existsSync(join(root, step.needs))) return undefined
  const run = await runBounded(step.command, { cwd: root, env: { ...process.env, NO_COLOR: '1' }, deadlineMs: 300_000 })
  const mend = step.mend === undefined ? '' : `\nNext: ${step.mend}`
  return { ok: run.ok, output: `${run.output.trim() || run.end}${mend}` }
}
