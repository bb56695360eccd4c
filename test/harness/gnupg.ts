import { runPart } from './parts.ts'
import { tempFolder } from './temp-folder.ts'

/** A gpg of its own: no key of the person who runs the tests is seen or touched. */
export interface GnupgHome {
  /** The value of GNUPGHOME. */
  readonly folder: string
  /** Runs `gpg --batch ARGS…` in it and gives what it wrote. */
  readonly gpg: (args: readonly string[], input?: string | Uint8Array) => Promise<string>
  /** Ends its agent, which outlives gpg otherwise. */
  readonly stop: () => Promise<void>
}

/** Makes an empty gpg home. Needs the parts `gpg` and `gpgconf`. */
export function gnupgHome(): GnupgHome {
  const folder = tempFolder()
  const env = { GNUPGHOME: folder }
  return {
    folder,
    gpg: (args, input) =>
      runPart('gpg', ['--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback', ...args], { env, ...(input === undefined ? {} : { input }) }),
    stop: async () => {
      await runPart('gpgconf', ['--kill', 'all'], { env })
    },
  }
}
