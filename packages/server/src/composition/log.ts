import pino from 'pino'
import type { AnsweredRequest } from '../doors/http-door.ts'
import type { LogLevel } from '../config/reader.ts'

type Fields = Readonly<Record<string, unknown>>

/** The server's own log: JSON lines on standard error. It is not the audit log, and holds no body, query or credential. */
export interface ServerLog {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** One line for an answered API request: debug, or error with its cause where it was our fault. */
  readonly answer: (answered: AnsweredRequest) => void
}

/** Makes the log; nothing is written below `level`. */
export function makeLog(level: LogLevel): ServerLog {
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    answer: ({ error, ...answered }) => {
      const isOurs = error?.code === 'INTERNAL' || error?.code === 'DATA_LOSS'
      if (isOurs) logger.error({ ...answered, code: error?.code, err: error?.cause }, 'API request failed')
      else logger.debug({ ...answered, ...(error === undefined ? {} : { code: error.code }) }, 'API request')
    },
  }
}
