import type { ImageSource } from '../image/image-source.ts'
import { makeTar, type TarInput } from '../../testing/make-tar.ts'

/** An image of these layers, lowest first: entries, or the bytes of an archive. */
export function memoryImage(...layers: readonly (readonly TarInput[] | Uint8Array)[]): ImageSource {
  return {
    digest: `sha256:${'0'.repeat(64)}`,
    config: { platform: 'linux/amd64', diffIds: layers.map((_, index) => `sha256:${String(index).repeat(64)}`) },
    layers: layers.map((layer) => ({ open: () => once(layer instanceof Uint8Array ? layer : makeTar(layer)) })),
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
