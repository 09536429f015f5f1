import { createHash } from 'node:crypto'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { beforeEach, expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import type { PushedFile } from '../../../src/egress/push/receiver.js'
import { sftpReceiver, type SftpReceiver } from '../../../src/egress/push/sftp.js'
import { describeSshd } from '../../support/sshd.js'

const file = (text: string, number = 1): PushedFile => {
  const bytes = Buffer.from(text)
  return {
    ...{ feed: 'bpo', number, version: 1, name: `bpo-${number}.csv`, bytes, contentType: 'text/csv', complete: true },
    sha256: createHash('sha256').update(bytes).digest('hex'),
    manifest: Buffer.from(`{"delivery":${number}}\n`),
  }
}

const never = new AbortController().signal

describeSshd('files on a real OpenSSH server', (server) => {
  const settings = (more: Partial<SftpReceiver> = {}): SftpReceiver => {
    const { port, username, privateKeyFile, hostKey, dir } = server()
    return {
      ...{ host: '127.0.0.1', port, username, privateKey: Secret.file(privateKeyFile), hostKeys: [hostKey], dir },
      ...{ manifest: true, connectTimeoutMs: 10_000, timeoutMs: 20_000 },
      ...more,
    }
  }
  const send = (what: PushedFile, more: Partial<SftpReceiver> = {}) =>
    sftpReceiver(settings(more)).deliver(what, never)()
  const there = async (): Promise<readonly string[]> => (await readdir(server().dir)).sort()
  const textOf = (name: string): Promise<string> => readFile(join(server().dir, name), 'utf8')

  beforeEach(async () => {
    for (const name of await readdir(server().dir)) await rm(join(server().dir, name))
  })

  test('are there whole under their names, with their manifests, and nothing else is', async () => {
    const long = 'x'.repeat(200_000)
    expect(await send(file(long))).toEqual(E.right({ status: 'renamed' }))
    expect(await there()).toEqual(['bpo-1.csv', 'bpo-1.csv.manifest.json'])
    expect(await textOf('bpo-1.csv')).toBe(long)
    expect(await textOf('bpo-1.csv.manifest.json')).toBe('{"delivery":1}\n')
  })

  test('that were written before are left as they are, and the manifest that is missing is added', async () => {
    await send(file('a', 2), { manifest: false })
    expect(await send(file('a', 2))).toEqual(E.right({ status: 'there already' }))
    expect(await there()).toEqual(['bpo-2.csv', 'bpo-2.csv.manifest.json'])
  })

  test('are never written over others of the same name', async () => {
    await writeFile(join(server().dir, 'bpo-3.csv'), 'of somebody else')
    expect(await send(file('a', 3))).toMatchObject(E.left({ tag: 'FileRefused', status: 'exists' }))
    expect(await textOf('bpo-3.csv')).toBe('of somebody else')
  })

  test('take the place of a part that an attempt left behind', async () => {
    await writeFile(join(server().dir, 'bpo-4.csv.part'), 'a part that is longer than the file')
    expect(await send(file('short', 4), { manifest: false })).toEqual(E.right({ status: 'renamed' }))
    expect(await there()).toEqual(['bpo-4.csv'])
    expect(await textOf('bpo-4.csv')).toBe('short')
  })

  test('are sent to no host whose key is another than the pinned one, and the message names the key it shows', async () => {
    const pinned = `SHA256:${'A'.repeat(43)}`
    const answer = await send(file('a', 5), { hostKeys: [pinned] })
    expect(answer).toMatchObject(E.left({ tag: 'NotDelivered', why: expect.stringContaining(server().hostKey) }))
    expect(await there()).toEqual([])
  })

  test.each([
    ['a user that is not let in', { username: 'nobody-of-this-name' }, /push\.username/],
    ['a folder that is not there', { dir: '/nowhere' }, /push\.dir/],
    ['a port where nobody listens', { port: 1 }, /ECONNREFUSED/],
  ] as const)('wait where there is %s, and the message names the setting', async (_, more, why) => {
    expect(await send(file('a', 6), more)).toMatchObject(
      E.left({ tag: 'NotDelivered', why: expect.stringMatching(why) }),
    )
  })

  test('are written under a key that was renewed in its file, without a restart', async () => {
    const receiver = sftpReceiver(settings())
    const { privateKeyFile } = server()
    const key = await readFile(privateKeyFile)
    await writeFile(privateKeyFile, '')
    expect(E.isLeft(await receiver.deliver(file('a', 7), never)())).toBe(true)
    await writeFile(privateKeyFile, key)
    await chmod(privateKeyFile, 0o600)
    expect(E.isRight(await receiver.deliver(file('a', 7), never)())).toBe(true)
  })

  test('arrive after the server died in between', async () => {
    const sent = send(file('y'.repeat(4_000_000), 8))
    await server().crash()
    const first = await sent
    const again = await send(file('y'.repeat(4_000_000), 8))
    expect([E.isRight(again), (await textOf('bpo-8.csv')).length]).toEqual([true, 4_000_000])
    if (E.isLeft(first)) expect(first.left.tag).toBe('NotDelivered')
  })
})
