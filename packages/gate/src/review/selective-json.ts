import { isUtf8 } from 'node:buffer'
import {
  bitsBefore,
  byteAt,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COMMA,
  findSpecial,
  hashOf,
  hasName,
  MAX_ROOM,
  nameAt,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipBlanks,
  skipName,
  skipText,
  skipValue,
  UNSURE,
  viewOf,
} from './json-grammar.ts'

/*
 * A JSON reader that builds only what a plan names. It checks the grammar of every byte, but never refuses: it says what it
 * read, or that it is unsure, and then `JSON.parse` decides (strict-json.ts). So nothing is accepted or refused by its
 * word alone, and only one thing must hold: what it reads, the careful reader takes too, and reads the same
 * (docs/decisions/0013; the oracle's properties stand in selective-json.test.ts). It decodes nothing itself but texts of
 * plain ASCII: every other value that is built goes through `JSON.parse`.
 *
 * Unsure are: whatever is no JSON, a member name with an escape that has another spelling (`\u0061`, `\/`), two names of one
 * object with the same hash (so every doubled member, and once in 2^32 nothing), an object with very many members.
 */

/** What of a JSON value is built. Whatever is not of the shape that a plan describes is built whole. */
export type ReadingPlan = 'WHOLE' | ObjectPlan | ListPlan | KindPlan

interface ObjectPlan {
  readonly members: ReadonlyMap<number, PlannedMember>
}

interface ListPlan {
  readonly items: ReadingPlan
}

/** A Kubernetes object, whose plan its kind says; whole where its kind does not stand before everything else. */
interface KindPlan {
  readonly planOf: (apiVersion: string, kind: string) => ObjectPlan | 'WHOLE'
}

interface PlannedMember {
  readonly name: string
  readonly bytes: Uint8Array
  readonly plan: ReadingPlan
}

/** Plans an object: the members named, each by its own plan; the others are left out. Names are plain ASCII. */
export function planMembers(plans: Readonly<Record<string, ReadingPlan>>): ObjectPlan {
  const members = new Map(Object.entries(plans).map(([name, plan]) => [hashOf(name), { name, bytes: Buffer.from(name, 'latin1'), plan }]))
  if (members.size < Object.keys(plans).length) throw new Error('Two names of a reading plan have the same hash')
  return { members }
}

/** Plans a list: every item by the one plan. */
export function planItems(items: ReadingPlan): ListPlan {
  return { items }
}

/** Plans a Kubernetes object by its `apiVersion` and `kind`. */
export function planByKind(planOf: KindPlan['planOf']): KindPlan {
  return { planOf }
}

/** Reads of JSON bytes what the plan names; undefined where only the careful reader can say what they are. */
export function readSelected(bytes: Uint8Array, plan: ReadingPlan, maxDepth: number): { readonly value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined
  const reader = new SelectiveReader(endByZero(bytes))
  const value = reader.readDocument(plan, Math.min(maxDepth, MAX_ROOM), bytes.length)
  return reader.at === UNSURE ? undefined : { value }
}

const SCRATCH_BYTES = 64 * 1024
const scratch = Buffer.alloc(SCRATCH_BYTES)
const scratchView = viewOf(scratch)

const HEAD: ObjectPlan = planMembers({ apiVersion: 'WHOLE', kind: 'WHOLE' })

/** The bytes with the zeros behind them that the grammar asks for. */
function endByZero(bytes: Uint8Array): Buffer {
  const ended = bytes.length + 4 <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(bytes.length + 4)
  ended.set(bytes)
  for (let at = bytes.length; at < bytes.length + 4; at++) ended[at] = 0
  return ended
}

/** By their first bytes. */
const WORDS: ReadonlyMap<number, { readonly value: boolean | null }> = new Map([
  [0x74, { value: true }],
  [0x66, { value: false }],
  [0x6e, { value: null }],
])

class SelectiveReader {
  readonly #bytes: Buffer
  readonly #text: DataView
  /** Behind what was read, or UNSURE for good. */
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#text = bytes === scratch ? scratchView : viewOf(bytes)
  }

  readDocument(plan: ReadingPlan, room: number, end: number): unknown {
    this.at = skipBlanks(this.#text, 0)
    const value = this.#read(plan, room, 0)
    if (this.at !== UNSURE && skipBlanks(this.#text, this.at) !== end) this.at = UNSURE
    return value
  }

  #read(plan: ReadingPlan, room: number, top: number): unknown {
    const byte = byteAt(this.#text, this.at)
    if (byte === QUOTE) return this.#readText()
    if (plan === 'WHOLE') return this.#readWhole(room, top)
    if (byte === OPEN_LIST && 'items' in plan) return this.#readList(plan.items, room - 1, top)
    if (byte === OPEN_OBJECT && 'members' in plan) return this.#readObject(plan, room - 1, top)
    if (byte === OPEN_OBJECT && 'planOf' in plan) return this.#readKind(plan, room, top)
    return this.#readWhole(room, top)
  }

  #readObject(plan: ObjectPlan, room: number, first: number): unknown {
    const object: Record<string, unknown> = {}
    return this.#readMembers(object, { plan, room, first, kind: undefined }) ? object : undefined
  }

  /** An object that is to be whole is read a second time, from its beginning. */
  #readKind(kind: KindPlan, room: number, first: number): unknown {
    const start = this.at
    const object: Record<string, unknown> = {}
    if (this.#readMembers(object, { plan: HEAD, room: room - 1, first, kind })) return object
    this.at = start
    return this.#readWhole(room, first)
  }

  /** False where it is unsure, and where an object whose plan its kind says is to be whole. */
  #readMembers(object: Record<string, unknown>, { plan, room, first, kind }: Members): boolean {
    const text = this.#text
    let top = first
    let { members } = plan
    let choosing = kind
    let at = skipBlanks(text, this.at + 1)
    if (room < 0) return this.#giveUp()
    if (byteAt(text, at) === CLOSE_OBJECT) return this.#goTo(at + 1)
    for (;;) {
      const start = at + 1
      at = skipName(text, at, first, top)
      if (at === UNSURE) return this.#giveUp()
      const member = members.get(nameAt(top))
      top++
      if (member !== undefined && hasName(text, start, member.bytes)) {
        this.at = at
        object[member.name] = this.#read(member.plan, room, top)
        at = this.at
        if (choosing !== undefined && object['kind'] !== undefined && object['apiVersion'] !== undefined) {
          const chosen = planObject(choosing, object)
          if (chosen === 'WHOLE') return false
          ;({ members } = chosen)
          choosing = undefined
        }
      } else if (choosing !== undefined) {
        return false
      } else {
        at = skipValue(text, at, room, top)
      }
      if (at === UNSURE) return this.#giveUp()
      at = skipBlanks(text, at)
      const next = byteAt(text, at)
      if (next === CLOSE_OBJECT) return this.#goTo(at + 1)
      if (next !== COMMA) return this.#giveUp()
      at = skipBlanks(text, at + 1)
    }
  }

  #readList(plan: ReadingPlan, room: number, top: number): unknown {
    const text = this.#text
    const items: unknown[] = []
    this.at = skipBlanks(text, this.at + 1)
    if (room < 0) return void this.#giveUp()
    if (byteAt(text, this.at) === CLOSE_LIST) {
      this.at++
      return items
    }
    for (;;) {
      items.push(this.#read(plan, room, top))
      if (this.at === UNSURE) return undefined
      this.at = skipBlanks(text, this.at)
      const next = byteAt(text, this.at)
      if (next !== COMMA && next !== CLOSE_LIST) return void this.#giveUp()
      this.at++
      if (next === CLOSE_LIST) return items
      this.at = skipBlanks(text, this.at)
    }
  }

  #readText(): unknown {
    const text = this.#text
    const start = this.at
    let at = start + 1
    let bits = 0
    for (;;) {
      const word = text.getInt32(at, true)
      const found = findSpecial(word)
      if (found === 0) {
        bits |= word
        at += 4
        continue
      }
      const before = bitsBefore(found)
      bits |= word & ((1 << before) - 1)
      at += before >> 3
      break
    }
    if (byteAt(text, at) !== QUOTE) {
      at = skipText(text, at)
      return at === UNSURE ? void this.#giveUp() : this.#parse(start, at)
    }
    if ((bits & 0x80808080) !== 0) return this.#parse(start, at + 1)
    this.at = at + 1
    // A copy of its own: a slice of the body's text would keep the whole body alive.
    return this.#bytes.toString('latin1', start + 1, at)
  }

  #readWhole(room: number, top: number): unknown {
    const start = this.at
    const end = skipValue(this.#text, start, room, top)
    if (end === UNSURE) return void this.#giveUp()
    const word = WORDS.get(byteAt(this.#text, start))
    if (word === undefined) return this.#parse(start, end)
    this.at = end
    return word.value
  }

  /** The one place at which a value is made of bytes that were checked. */
  #parse(start: number, end: number): unknown {
    this.at = end
    return JSON.parse(this.#bytes.toString('utf8', start, end))
  }

  #goTo(at: number): true {
    this.at = at
    return true
  }

  #giveUp(): false {
    this.at = UNSURE
    return false
  }
}

interface Members {
  readonly plan: ObjectPlan
  /** How many levels more may be opened. */
  readonly room: number
  readonly first: number
  readonly kind: KindPlan | undefined
}

function planObject({ planOf }: KindPlan, { apiVersion, kind }: Record<string, unknown>): ObjectPlan | 'WHOLE' {
  return typeof apiVersion === 'string' && typeof kind === 'string' ? planOf(apiVersion, kind) : 'WHOLE'
}
