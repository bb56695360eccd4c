import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import { buildProgram, runCli } from './main.ts'
import { makeFakeServer } from './testing/fake-server.ts'
import { makeTerminal, runInMemory } from './testing/memory-terminal.ts'

test('exit codes: 0 yes · 1 denied · 2 usage · 3 could not decide or unreachable', async () => {
  const { send } = await makeFakeServer()
  const exits: readonly (readonly [line: string, exit: number])[] = [
    ['--version', 0],
    ['--help', 0],
    ['attestors --help', 0],
    ['projects list', 0],
    ['', 2],
    ['attestors', 2],
    ['atestors list', 2],
    ['attestors lst', 2],
    ['attestors list --nothing', 2],
    ['attestors list -o xml', 2],
    ['attestors describe none', 1],
    ['projects create p1', 1],
    ['projects create P', 2],
  ]
  for (const [line, exit] of exits) {
    assert.equal((await runInMemory(line.split(' ').filter(Boolean), { send })).exit, exit, line)
  }
  assert.equal((await runInMemory(['projects', 'list'])).exit, 3)
})

test('every status code has its exit code', async () => {
  const expected: Partial<Record<StatusCode, number>> = {
    INVALID_ARGUMENT: 2,
    OUT_OF_RANGE: 2,
    NOT_FOUND: 1,
    ALREADY_EXISTS: 1,
    PERMISSION_DENIED: 1,
    UNAUTHENTICATED: 1,
    FAILED_PRECONDITION: 1,
    ABORTED: 1,
    INTERNAL: 3,
    UNAVAILABLE: 3,
    DEADLINE_EXCEEDED: 3,
    UNIMPLEMENTED: 3,
    UNKNOWN: 3,
    DATA_LOSS: 3,
  }
  for (const [code, exit] of Object.entries(expected)) {
    const send = (): never => {
      throw new StatusError(code as StatusCode, 'because')
    }
    assert.equal((await runInMemory(['status'], { send })).exit, exit, code)
  }
})

test('what went wrong comes with the next step', async () => {
  const { send } = await makeFakeServer()
  const says = async (line: string, env: Record<string, string> = {}) => (await runInMemory(line.split(' '), { send, env })).stderr
  assert.match(await says('atestors list'), /unknown command 'atestors'\n\(Did you mean attestors\?\)/)
  assert.match(await says('attestors list', { COUNTERSIGN_PROJECT: '' }), /No project was named\nName it with --project or COUNTERSIGN_PROJECT/)
  assert.match(await says('attestors list --project p9'), /countersign projects create p9/)
  assert.match(await says('projects list', { COUNTERSIGN_TOKEN: 'wrong' }), /UNAUTHENTICATED: .*\nName the file that holds your token/)
})

test('a hostile server’s text reaches the terminal with its control characters shown', async () => {
  const body = new TextEncoder().encode(JSON.stringify({ error: { status: 'NOT_FOUND', message: 'gone\x1b[2J\r' } }))
  const { stderr } = await runInMemory(['status'], {
    send: async () => ({ status: 404, headers: { 'x-countersign-warning': JSON.stringify(['\x1b]0;x']) }, body }),
  })
  assert.equal(stderr, 'WARNING: \\x1b]0;x\nERROR: NOT_FOUND: gone\\x1b[2J\\x0d')
})

test('an answer that is no is heard before anything is changed; nobody to ask is yes, as with --quiet', async () => {
  const { send, world } = await makeFakeServer()
  const remove = ['projects', 'delete', 'p12']
  assert.equal((await runInMemory(remove, { send, answer: 'n' })).exit, 2)
  assert.equal((await runInMemory([...remove, '--quiet'], { send, answer: 'n' })).exit, 0)
  assert.equal((await runInMemory(['projects', 'delete', 'p1'], { send })).exit, 0)
  const { exit } = await runInMemory(['projects', 'list', '-o', 'json'], { send })
  assert.equal(exit, 0)
  assert.equal(world.store.records().at(-1)?.project, 'p1')
})

test('every command says what it does and shows an example', async () => {
  const program = await buildProgram(makeTerminal({}), { finish: () => {} })
  const leaves = (command: Command): readonly Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves))
  const ours = leaves(program).filter((command) => !['serve', 'gate', 'complete', 'completion'].includes(command.name()))
  assert.ok(ours.length > 40)
  for (const command of ours) {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    assert.notEqual(command.description(), '', command.name())
    assert.match(help, /\nExamples:\n {2}\$ \S/, command.name())
  }
})

test('examples are command lines that the tool reads', async () => {
  const program = await buildProgram(makeTerminal({}), { finish: () => {} })
  const walk = (command: Command, path: string): readonly string[] => {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    const shown = [...help.matchAll(/\$ (countersign [^\n|>&$\\]*(?:\\\n[^\n|>&$\\]*)*)/g)].map((match) => match[1] ?? '')
    return [...shown.filter((line) => line.startsWith(path)), ...command.commands.flatMap((inner) => walk(inner, `${path} ${inner.name()}`))]
  }
  const lines = walk(program, 'countersign').filter((line) => !/ (?:serve|help)/.test(line) && !line.endsWith('"'))
  for (const line of lines) {
    const words = [...line.replaceAll('\\\n', ' ').matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+(?:"[^"]*")?(?:'[^']*')?)/g)].map(
      (match) => match[1] ?? match[2] ?? match[3] ?? '',
    )
    const { stderr } = await runInMemory(words.slice(1))
    assert.doesNotMatch(stderr, /^error: /m, line)
  }
})

test('runCli() never throws', async () => {
  const broken = { ...makeTerminal({}), env: { COUNTERSIGN_TOKEN: 't' }, send: async () => Promise.reject(new TypeError('broken')) }
  assert.equal(await runCli(['status'], broken), 3)
})

test('completion knows the whole tree, old flags left out', async () => {
  const program = await buildProgram(makeTerminal({}), { finish: () => {} })
  const completion = program.commands.find((command) => command.name() === 'completion')
  assert.deepEqual(completion?.registeredArguments[0]?.argChoices, ['zsh', 'bash', 'fish', 'powershell'])
  const add = ['attestors', 'public-keys', 'add'].reduce<Command | undefined>(
    (command, name) => command?.commands.find((inner) => inner.name() === name),
    program,
  )
  const shown =
    add
      ?.createHelp()
      .visibleOptions(add)
      .map(({ long }) => long) ?? []
  assert.deepEqual([shown.includes('--pgp-public-key-file'), shown.includes('--public-key-file')], [true, false])
})
