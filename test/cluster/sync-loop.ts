import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../harness/temp-folder.ts'
import type { Room } from './room.ts'

/** A bare git repository, a person's clone of it, and what a GitOps tool does with it: fetch, apply, log, again. */
export interface SyncLoop {
  /** Commits an object as a file and pushes it. */
  readonly commit: (file: string, object: object) => void
  /** One turn of the loop; gives what it logged. It goes on after a failure, as such tools do. */
  readonly turn: () => Promise<string>
}

/** Makes an empty repository and a loop over its branch `main`. */
export function openSyncLoop({ kubectl }: Pick<Room, 'kubectl'>): SyncLoop {
  const folder = tempFolder()
  const [bare, person, tool] = ['repository.git', 'person', 'tool'].map((name) => join(folder, name)) as [string, string, string]
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const git = (at: string, ...args: readonly string[]): string =>
    execFileSync('git', ['-C', at, '-c', 'user.name=Person', '-c', 'user.email=person@example.com', ...args], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    })
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
  git(folder, 'clone', '--quiet', bare, person)
  git(person, 'checkout', '--quiet', '-B', 'main')
  mkdirSync(join(person, 'cluster'))
  return {
    commit: (file, object) => {
      writeFileSync(join(person, 'cluster', file), JSON.stringify(object, null, 2))
      git(person, 'add', '--all')
      git(person, 'commit', '--quiet', '--message', `Change ${file}`)
      git(person, 'push', '--quiet', 'origin', 'main')
      if (git(folder, 'ls-remote', bare, 'refs/heads/main') === '') throw new Error('The push did not reach the repository')
    },
    turn: async () => {
      execFileSync('rm', ['-rf', tool])
      git(folder, 'clone', '--quiet', bare, tool)
      const revision = git(tool, 'rev-parse', '--short', 'HEAD').trim()
      const { code, stdout, stderr } = await kubectl(['apply', '-f', join(tool, 'cluster')])
      return `${revision} ${code === 0 ? 'synced' : 'failed'}\n${stdout}${stderr}`
    },
  }
}
