import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { azureBlobStore } from '../../../src/egress/objects/azure/store.js'
import { sha256Of } from '../../../src/egress/objects/layout.js'
import type { NewObject, ObjectStore } from '../../../src/egress/objects/object-store.js'
import { s3Store } from '../../../src/egress/objects/s3/store.js'
import { objectsSink } from '../../../src/egress/objects/sink.js'
import { batchAt } from '../batches.js'
import {
  AZURE_ACCOUNT,
  AZURE_CONTAINER,
  AZURE_KEY,
  AzureStandIn,
  failed as azureFailed,
} from '../../support/objects/azure-stand-in.js'
import { S3StandIn, failed as s3Failed } from '../../support/objects/s3-stand-in.js'
import type { StandIn } from '../../support/objects/stand-in.js'
import {
  azureOptionsOf,
  describeAzureBlob,
  describeS3,
  s3OptionsOf,
  type FreshStore,
} from '../../support/objects/stores.js'
import { fedBy, KpiLog } from './kpi-log.js'
import { listedIn, manifestIn } from '../../support/objects/read-objects.js'

const running = new AbortController().signal
const objectAt = (key: string, text = key): NewObject => {
  const bytes = Buffer.from(text)
  return { key, bytes, sha256: sha256Of(bytes), contentType: 'text/plain' }
}

/** What every store does, on the stand-in or on a real one. */
const storeSuite = (fresh: FreshStore): void => {
  test('an object is put once; of its versions each replaces the one that was read, and no other', async () => {
    const store = fresh()()
    const first = await store.put(objectAt('a/b=1/c.json', 'first'), 'absent', running)
    expect(first).toBeDefined()
    expect(await store.put(objectAt('a/b=1/c.json', 'other'), 'absent', running)).toBeUndefined()
    const second = await store.put(objectAt('a/b=1/c.json', 'second'), { is: first! }, running)
    expect(second).toBeDefined()
    expect(await store.put(objectAt('a/b=1/c.json', 'third'), { is: first! }, running)).toBeUndefined()
    const found = await store.get('a/b=1/c.json', running)
    expect(Buffer.from(found!.bytes).toString()).toBe('second')
    expect(found!.etag).toBe(second)
    expect(await store.look('a/b=1/c.json', running)).toEqual({ bytes: 6, etag: second })
    store.close()
  })

  test('what is not there is undefined, and replaces nothing', async () => {
    const store = fresh()()
    expect(await store.get('none', running)).toBeUndefined()
    expect(await store.look('none', running)).toBeUndefined()
    expect(await store.put(objectAt('none'), { is: '"0x8DB0"' }, running)).toBeUndefined()
    store.close()
  })

  test('a list gives the keys below the prefix alone', async () => {
    const open = fresh()
    const store = open()
    for (const key of ['x/1', 'x/2', 'y/1']) await store.put(objectAt(key), 'absent', running)
    expect(await keysIn(store, 'x/')).toEqual(['x/1', 'x/2'])
    store.close()
  })
}

const keysIn = async (store: ObjectStore, begin: string): Promise<readonly string[]> => {
  const keys: string[] = []
  for await (const { key } of store.list(begin, running)) keys.push(key)
  return keys
}

describeS3('a store of objects', storeSuite)
describeAzureBlob('a store of objects', storeSuite)

const faultSuite = (standIn: StandIn, open: () => ObjectStore, slowDown: ReturnType<typeof s3Failed>): void => {
  const isPut = ({ method }: Readonly<{ method: string }>): boolean => method === 'PUT'
  afterEach(() => void standIn.faults.splice(0))

  test('a request that is answered 503, or whose socket breaks, is sent again', async () => {
    const store = open()
    standIn.faults.push({ kind: 'answer', of: isPut, answer: slowDown }, { kind: 'drop', of: isPut })
    expect(await store.put(objectAt('again'), 'absent', running)).toBeDefined()
    expect(standIn.faults).toEqual([])
    store.close()
  })

  test('a store that stays away may answer later: nobody is told to mend anything', async () => {
    const store = open()
    for (let n = 0; n < 10; n++) standIn.faults.push({ kind: 'answer', answer: slowDown })
    await expect(store.get('any', running)).rejects.toMatchObject({ name: 'ObjectStoreFault', refused: false })
    store.close()
  })

  test('a manifest whose put was done, and whose answer was lost, is known as its own', async () => {
    const log = new KpiLog()
    const sink = fedBy(
      log,
      objectsSink({ name: 'lake', tenant: 'acme', store: open(), intervalRows: log.intervalRows }),
    )
    expect(await sink.connect(running)()).toMatchObject({ _tag: 'Right' })
    standIn.faults.push({ kind: 'drop-answer', of: (asked) => isPut(asked) && asked.path.endsWith('_manifest.json') })
    expect(await sink.write(batchAt(1), running)()).toMatchObject({ _tag: 'Right' })
    expect(await sink.write(batchAt(2), running)()).toMatchObject({ _tag: 'Right' })
    expect(standIn.faults).toEqual([])
    expect((await manifestIn(open()))?.progress).toEqual(batchAt(2).progress)
    expect((await listedIn(open())).filter(({ current }) => current)).toHaveLength(3)
    await sink.close()
  })
}

describe('S3 that misbehaves', () => {
  const standIn = new S3StandIn()
  let prefixes = 0
  let options = s3OptionsOf(standIn, 'none/')
  beforeAll(() => standIn.start())
  afterAll(() => standIn.stop())
  afterEach(() => {
    standIn.skewMs = 0
    standIn.pageKeys = 1_000
    standIn.ignoresConditions = false
    prefixes += 1
  })
  const open = (more: Partial<typeof options> = {}): ObjectStore => {
    options = { ...s3OptionsOf(standIn, `faults-${prefixes}/`), ...more }
    return s3Store(options)
  }

  faultSuite(standIn, open, s3Failed(503, 'SlowDown', 'Please reduce your request rate.'))

  test('a clock that is an hour off is corrected by the answer of the service', async () => {
    standIn.skewMs = 3_600_000
    const store = open()
    expect(await store.put(objectAt('skewed'), 'absent', running)).toBeDefined()
    store.close()
  })

  test('a list of several pages is read to its end', async () => {
    const store = open()
    standIn.pageKeys = 2
    for (const key of ['1', '2', '3', '4', '5']) await store.put(objectAt(key), 'absent', running)
    expect(await keysIn(store, '')).toEqual(['1', '2', '3', '4', '5'])
    store.close()
  })

  test('a store that ignores conditions is refused when the sink connects', async () => {
    standIn.ignoresConditions = true
    const sink = objectsSink({ name: 'lake', tenant: 'acme', store: open(), intervalRows: new KpiLog().intervalRows })
    expect(await sink.connect(running)()).toMatchObject({
      left: { tag: 'Refused', reason: expect.stringContaining('ignores the condition of a put') },
    })
    await sink.close()
  })

  test('encryption by a key of KMS is asked for with every put', async () => {
    const store = open({ encryption: { kind: 'sse-kms', keyId: 'alias/kpis', bucketKey: true } })
    await store.put(objectAt('secret'), 'absent', running)
    expect(standIn.objects.get(`${options.prefix}secret`)?.headers).toEqual({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/kpis',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    })
    store.close()
  })

  test.each([
    { what: 'a bucket that is missing', more: { bucket: 'missing' }, says: /NoSuchBucket.*create the bucket/ },
    {
      what: 'a wrong key',
      more: { credentials: { accessKeyId: 'AKIDSTANDIN', secretAccessKey: Secret.literal('wrong') } },
      says: /SignatureDoesNotMatch.*secretAccessKey/,
    },
    { what: 'the wrong region', more: { region: 'us-east-2' }, says: /AuthorizationHeaderMalformed.*region/ },
  ])('$what is refused with its remedy, without the secret', async ({ more, says }) => {
    const store = open(more)
    const refused = await store.get('any', running).catch((cause: unknown) => cause)
    expect(refused).toMatchObject({ name: 'ObjectStoreFault', refused: true, message: expect.stringMatching(says) })
    expect(String(refused)).not.toMatch(/stand-in\/secret|wrong(?!.*region)/)
    store.close()
  })
})

describe('Azure Blob that misbehaves', () => {
  const standIn = new AzureStandIn()
  let prefixes = 0
  beforeAll(() => standIn.start())
  afterAll(() => standIn.stop())
  afterEach(() => {
    standIn.skewMs = 0
    standIn.pageBlobs = 5_000
    prefixes += 1
  })
  const prefix = (): string => `faults-${prefixes}/`
  const open = (): ObjectStore => azureBlobStore(azureOptionsOf(standIn.connectionString, prefix()))

  faultSuite(standIn, open, azureFailed(503, 'ServerBusy', 'The server is busy.'))

  test('a list of several pages is read to its end', async () => {
    const store = open()
    standIn.pageBlobs = 2
    for (const key of ['1', '2', '3', '4', '5']) await store.put(objectAt(key), 'absent', running)
    expect(await keysIn(store, '')).toEqual(['1', '2', '3', '4', '5'])
  })

  test('a shared access signature of the container suffices, and one that has expired is refused', async () => {
    const withSas = (expires: number): ObjectStore =>
      azureBlobStore({
        ...azureOptionsOf('', prefix()),
        credentials: { kind: 'sas', endpoint: standIn.endpoint, sas: Secret.literal(sasUntil(expires)) },
      })
    expect(await withSas(Date.now() + 3_600_000).put(objectAt('by-sas'), 'absent', running)).toBeDefined()
    await expect(withSas(Date.now() - 1_000).get('by-sas', running)).rejects.toMatchObject({
      refused: true,
      message: expect.stringMatching(/AuthenticationFailed.*signature \(sas\)/),
    })
  })

  test('a wrong key, and a container that is missing, are refused with their remedies', async () => {
    const wrong = standIn.connectionString.replace(AZURE_KEY, Buffer.from('another').toString('base64'))
    await expect(azureBlobStore(azureOptionsOf(wrong, prefix())).get('any', running)).rejects.toMatchObject({
      refused: true,
      message: expect.stringMatching(/AuthenticationFailed.*check the key of the account/),
    })
    const missing = { ...azureOptionsOf(standIn.connectionString, prefix()), container: 'missing' }
    await expect(azureBlobStore(missing).get('any', running)).rejects.toMatchObject({
      refused: true,
      message: expect.stringMatching(/ContainerNotFound.*create the container/),
    })
  })
})

/** A service SAS for the container, as the service documents it. */
const sasUntil = (expires: number): string => {
  const [permissions, until, version] = ['rcwl', `${new Date(expires).toISOString().slice(0, 19)}Z`, '2022-11-02']
  const resource = `/blob/${AZURE_ACCOUNT}/${AZURE_CONTAINER}`
  const text = [permissions, '', until, resource, '', '', '', version, 'c', '', '', '', '', '', '', ''].join('\n')
  const signature = createHmac('sha256', Buffer.from(AZURE_KEY, 'base64')).update(text).digest('base64')
  return new URLSearchParams({ sp: permissions, se: until, sv: version, sr: 'c', sig: signature }).toString()
}
