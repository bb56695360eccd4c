import { deflateRawSync } from 'node:zlib'

/** Makes a zip archive of these files, packed. */
export function makeZip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [path, content] of Object.entries(files)) {
    const [name, plain] = [Buffer.from(path), Buffer.from(content)]
    const packed = deflateRawSync(plain)
    const local = numbers([4, 0x04034b50], [2, 20], [2, 0], [2, 8], [4, 0], [4, 0], [4, packed.length], [4, plain.length], [2, name.length], [2, 0])
    const about = numbers([2, 20], [2, 20], [2, 0], [2, 8], [4, 0], [4, 0], [4, packed.length], [4, plain.length], [2, name.length], [2, 0], [2, 0])
    directory.push(numbers([4, 0x02014b50]), about, numbers([2, 0], [2, 0], [4, 0], [4, offset]), name)
    bodies.push(local, name, packed)
    offset += local.length + name.length + packed.length
  }
  const list = Buffer.concat(directory)
  const count = Object.keys(files).length
  return Buffer.concat([...bodies, list, numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, list.length], [4, offset], [2, 0])])
}

function numbers(...fields: readonly (readonly [2 | 4, number])[]): Buffer {
  return Buffer.concat(
    fields.map(([size, value]) => {
      const bytes = Buffer.alloc(size)
      bytes.writeUIntLE(value, 0, size)
      return bytes
    }),
  )
}
