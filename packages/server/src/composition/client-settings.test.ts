import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientSettings } from './client-settings.ts'
import type { DataFolder } from './data-folder.ts'

function dataFolder(folder: string): DataFolder {
  const at = (name: string): string => `${folder}/${name}`
  const own = { storeFile: at('s'), certificatesFolder: at('c'), spoolFolder: at('p'), adminTokenFile: at('admin-token'), caFile: at('ca.pem') }
  return { folder, ...own, logKeyFile: at('k'), logPublicKeyFile: at('k.pub'), checkpointsFile: at('checkpoints') }
}

test('the default address and folder are found without a setting', () => {
  assert.deepEqual(clientSettings({ tls: { mode: 'OFF' } }, dataFolder('./.countersign'), 'http://127.0.0.1:8080'), [])
})

test('another address is told, and the folder beside still holds token and authority', () => {
  assert.deepEqual(clientSettings({ tls: { mode: 'SELF' } }, dataFolder('.countersign'), 'https://127.0.0.1:9'), [
    'COUNTERSIGN_SERVER=https://127.0.0.1:9',
  ])
})

test('a door on every address is told by its loopback address, which its certificate names', () => {
  const settingsOf = (url: string): readonly string[] => clientSettings({ tls: { mode: 'SELF' } }, dataFolder('.countersign'), url)
  assert.deepEqual(settingsOf('https://0.0.0.0:8080'), ['COUNTERSIGN_SERVER=https://127.0.0.1:8080'])
  assert.deepEqual(settingsOf('https://[::]:8080'), ['COUNTERSIGN_SERVER=https://[::1]:8080'])
})

test('the token and the authority of another folder are told, ready for a shell', () => {
  assert.deepEqual(clientSettings({ tls: { mode: 'SELF' } }, dataFolder('/srv/my data'), 'https://127.0.0.1:9'), [
    'COUNTERSIGN_SERVER=https://127.0.0.1:9',
    "COUNTERSIGN_TOKEN_FILE='/srv/my data/admin-token'",
    "COUNTERSIGN_CA_FILE='/srv/my data/ca.pem'",
  ])
})
