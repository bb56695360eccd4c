import { openCheckpointFiles, openCheckpointKey } from '@countersign/adapters/checkpoints/checkpoint-files.ts'
import type { Store } from '@countersign/adapters/store/store.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type LogHead, makeLogSealer } from '@countersign/service/audit/seal-log.ts'
import type { ServerConfig } from '../config/config.ts'
import { type DataFolder, readFileIfPresent, writeFileDurably } from './data-folder.ts'
import type { ServerLog } from './log.ts'

const SEAL_MS = 60_000

/** The audit log is sealed once a minute, at the start and at the end; a failure is an error of the server's own log and stops nothing else. */
export interface LogSealing {
  head(): LogHead | undefined
  /** Seals what is left. */
  close(): Promise<void>
}

export interface LogSealingParts {
  readonly config: Pick<ServerConfig, 'checkpointFiles'>
  readonly data: DataFolder
  readonly store: Store
  readonly uuid: () => string
  readonly log: ServerLog
}

/** Opens key and files of the log and begins to seal. DATA_LOSS where the key file holds no key. */
export function openLogSealing({ config, data, store, uuid, log }: LogSealingParts): LogSealing {
  const { logKeyFile, logPublicKeyFile, checkpointsFile } = data
  const keyFile = { read: () => readFileIfPresent(logKeyFile), write: (text: string) => writeFileDurably(logKeyFile, text, 0o600) }
  const signer = openCheckpointKey(keyFile, uuid)
  writeFileDurably(logPublicKeyFile, `${signer.verifierKey}\n`, 0o644)
  const sealer = makeLogSealer({ changes: store.changes, shelf: openCheckpointFiles(checkpointsFile, config.checkpointFiles), signer })
  const seal = async (): Promise<void> => {
    try {
      await sealer.seal()
    } catch (error) {
      log.error('The audit log could not be sealed', error instanceof StatusError ? { code: error.code, detail: error.message } : { err: error })
    }
  }
  const timer = setInterval(() => void seal(), SEAL_MS)
  void seal()
  return {
    head: () => sealer.head(),
    close: async () => {
      clearInterval(timer)
      await seal()
    },
  }
}
