import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cannotListen } from './address.ts'

test('an address that cannot be had is told with the flag that chooses another', () => {
  const tell = (code: string): string => cannotListen('--listen', { host: '::1', port: 80 }, Object.assign(new Error('no'), { code }))
  assert.deepEqual(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EOTHER'].map(tell), [
    'Cannot listen on [::1]:80: another program uses this address (port 0 takes any that is free); choose another with --listen',
    'Cannot listen on [::1]:80: this machine has no such address; choose another with --listen',
    'Cannot listen on [::1]:80: you may not use this port; choose another with --listen',
    'Cannot listen on [::1]:80: the host name is not known; choose another with --listen',
    'Cannot listen on [::1]:80: EOTHER; choose another with --listen',
  ])
})
