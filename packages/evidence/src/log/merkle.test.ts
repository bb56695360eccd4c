import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeMerkleTree } from './merkle.ts'

/** The leaves and roots by which implementations of Certificate Transparency are tested. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('RFC 9162 §2.1: the roots of the known leaves of Certificate Transparency, one after the other', () => {
  const tree = makeMerkleTree()
  const roots = [tree.root()]
  for (const leaf of LEAVES) {
    tree.append(Buffer.from(leaf, 'hex'))
    roots.push(tree.root())
  }
  assert.deepEqual(
    roots.map((root) => Buffer.from(root).toString('hex')),
    ROOTS,
  )
  assert.equal(tree.size, 8)
})

test('the tree has the root of the definition, whatever its size', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 70 }), (leaves) => {
      const tree = makeMerkleTree()
      for (const leaf of leaves) tree.append(leaf)
      assert.deepEqual(Buffer.from(tree.root()), rootOf(leaves))
    }),
  )
})

/** RFC 9162 §2.1.1 word for word: split at the largest power of two below the size. */
function rootOf(leaves: readonly string[]): Buffer {
  const sha = (...parts: readonly (Buffer | string)[]): Buffer => parts.reduce((all, part) => all.update(part), createHash('sha256')).digest()
  if (leaves.length <= 1) return leaves.length === 0 ? sha() : sha(Buffer.of(0), leaves[0] ?? '')
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}
