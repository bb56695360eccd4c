import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { compareDebian } from '@countersign/advisories/version/debian.ts'
import { compareMaven } from '@countersign/advisories/version/maven.ts'
import { compareRpm } from '@countersign/advisories/version/rpm.ts'
import fc from 'fast-check'
import { getPart, missingParts } from '../harness/parts.ts'

/*
 * The order of versions belongs to the programs that install them: on random pairs ours must say what dpkg, rpm and Maven say.
 */
const SEED = 20_250_801
const PAIRS = 400

function samples(pieces: readonly string[], count: number): readonly string[] {
  const version = fc.tuple(fc.constantFrom('0', '1', '2', '10'), fc.array(fc.constantFrom(...pieces), { maxLength: 5 }))
  return fc.sample(
    version.map(([head, tail]) => head + tail.join('')),
    { seed: SEED, numRuns: count },
  )
}

function pairs(pieces: readonly string[]): readonly (readonly [string, string])[] {
  const versions = samples(pieces, PAIRS * 2)
  return Array.from({ length: PAIRS }, (_, index) => [versions[2 * index] ?? '', versions[2 * index + 1] ?? ''] as const)
}

const signs = ['<', '=', '>'] as const
const signOf = (difference: number | undefined) => (difference === undefined ? 'none' : signs[Math.sign(difference) + 1])

function runScript(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const run = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 16_000_000 })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
}

describe('versions are ordered as the programs that install them order them', () => {
  const dpkg = spawnSync('dpkg', ['--version']).status === 0 ? false : 'no dpkg on this machine'
  test('Debian: dpkg --compare-versions', { skip: dpkg }, () => {
    const asked = pairs(['.0', '.1', '.10', '~rc1', '+dfsg', 'a', 'Z', '-1', '-2', '~', '+b1', '.'])
    const script = asked.map(
      ([one, other]) =>
        `if dpkg --compare-versions '${one}' lt '${other}'; then echo '<'; elif dpkg --compare-versions '${one}' eq '${other}'; then echo =; else echo '>'; fi`,
    )
    const said = runScript('sh', ['-c', script.join('\n')])
      .trim()
      .split('\n')
    assert.deepEqual(
      asked.map(([one, other]) => `${one} ${signOf(compareDebian(one, other))} ${other}`),
      asked.map(([one, other], index) => `${one} ${said[index]} ${other}`),
    )
  })

  test('rpm: rpm.vercmp', { skip: missingParts('rpm') }, () => {
    const rpm = getPart('rpm')
    const asked = pairs(['.0', '.1', '.10', '~rc1', '^git2', 'a', 'Z', '_3', '+4', '~', '^', '.'])
    const calls = asked.map(([one, other]) => `print(rpm.vercmp('${one}', '${other}') .. ' ')`).join(' ')
    const said = runScript(rpm.path, ['--eval', `%{lua: ${calls}}`], { ...rpm.env, RPM_CONFIGDIR: join(dirname(rpm.path), '../lib/rpm') })
      .trim()
      .split(/\s+/)
    assert.deepEqual(
      asked.map(([one, other]) => `${one} ${signOf(compareRpm(one, other))} ${other}`),
      asked.map(([one, other], index) => `${one} ${signOf(Number(said[index]))} ${other}`),
    )
  })

  const jars = ['/usr/share/java/maven3-artifact.jar', '/usr/share/java/commons-lang3.jar']
  const maven =
    jars.every((jar) => existsSync(jar)) && spawnSync('java', ['-version']).status === 0
      ? false
      : 'no Java and Maven on this machine (apt-get install maven)'
  test('Maven: ComparableVersion', { skip: maven }, () => {
    const pieces = [
      '.0',
      '.1',
      '.12',
      '-1',
      '-rc1',
      '-alpha',
      '.Final',
      '-SNAPSHOT',
      '.RELEASE',
      'a1',
      '-b2',
      '-foo',
      '-jre',
      '.v2',
      '-beta-2',
      '-ga',
      '.sp1',
    ]
    const said = runScript('java', ['-cp', jars.join(':'), 'org.apache.maven.artifact.versioning.ComparableVersion', ...samples(pieces, PAIRS)])
    const compared = [...said.matchAll(/^ +(\S+) (<|>|==) (\S+)$/gm)].map(([, one = '', sign = '', other = '']) => ({
      one,
      sign: sign === '==' ? '=' : sign,
      other,
    }))
    assert.equal(compared.length, PAIRS - 1)
    assert.deepEqual(
      compared.map(({ one, other }) => `${one} ${signOf(compareMaven(one, other))} ${other}`),
      compared.map(({ one, sign, other }) => `${one} ${sign} ${other}`),
    )
  })
})
