import type { Key, PublicSubkeyPacket, SignaturePacket, UserAttributePacket, UserIDPacket } from 'openpgp'
import type { OpenPgp } from './library.ts'

/** What a signature is over, besides the primary key. */
export interface Subject {
  readonly user?: UserIDPacket | UserAttributePacket
  readonly subkey?: PublicSubkeyPacket
}

/** A key's signatures under what they stand behind: the primary key itself, a user id, a subkey. */
export interface Component extends Subject {
  readonly signatures: readonly SignaturePacket[]
}

type GrowingComponent = Subject & { readonly signatures: SignaturePacket[] }

/** Sorts the packets of all copies of one primary key under what they belong to; the primary key itself comes first. */
export function collectComponents(library: OpenPgp, copies: readonly Key[]): readonly Component[] {
  const components = new Map<string, GrowingComponent>()
  for (const copy of copies) {
    let component = claim(components, 'primary', {})
    for (const packet of copy.toPacketList()) {
      if (packet instanceof library.SignaturePacket) component.signatures.push(packet)
      else if (packet instanceof library.UserIDPacket) component = claim(components, `id:${packet.userID}`, { user: packet })
      else if (packet instanceof library.UserAttributePacket) component = claim(components, `attribute:${components.size}`, { user: packet })
      else if (packet instanceof library.PublicSubkeyPacket) component = claim(components, `subkey:${packet.getFingerprint()}`, { subkey: packet })
    }
  }
  return [...components.values()]
}

function claim(components: Map<string, GrowingComponent>, name: string, subject: Subject): GrowingComponent {
  const component = components.get(name) ?? { ...subject, signatures: [] }
  components.set(name, component)
  return component
}
