import { UsageError } from '../../terminal.ts'

/** What kritis signer says and ends with in the same place: 1 where its program finds a bad flag, 2 where it crashes, 255 where it is fatal (§1.2). */
export interface KritisEnd {
  readonly exit: 1 | 2 | 255
  readonly text: string
}

/** Something that the command line or a file that it names has wrong, found before anything is waited for. */
export class SignerFault extends UsageError {
  readonly kritis: KritisEnd

  constructor(message: string, kritis: KritisEnd, hint?: string) {
    super(message, hint)
    this.name = 'SignerFault'
    this.kritis = kritis
  }
}
