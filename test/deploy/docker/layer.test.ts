import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leftOut, packagesLeftOut, packagesOf, packagesText, platformOf } from '../../../deploy/docker/layer.mjs'

const root = join(import.meta.dirname, '../../..')
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof packagesOf>[0]

describe('the application layer of the image', () => {
  test('its packages are those of deploy/docker/packages.txt (node deploy/docker/layer.mjs packages > that file)', () => {
    expect(packagesText(lock)).toBe(readFileSync(join(root, 'deploy/docker/packages.txt'), 'utf8'))
  })

  test('it has every production dependency of package.json, but those that are left out with a reason', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const places = packagesOf(lock, platformOf('x64')).map(({ place }) => place)
    const missing = Object.keys(dependencies).filter((name) => !places.includes(`node_modules/${name}`))
    expect(missing).toEqual(Object.keys(packagesLeftOut))
  })

  test('development packages, and binaries of other platforms, are not in it', () => {
    const planted = {
      packages: {
        '': {},
        'node_modules/kept': { version: '1.0.0' },
        'node_modules/kept/node_modules/nested': { version: '2.0.0' },
        'node_modules/tool': { version: '1.0.0', dev: true },
        'node_modules/binary-darwin': { version: '1.0.0', os: ['darwin'] },
        'node_modules/binary-arm': { version: '1.0.0', os: ['linux'], cpu: ['arm64'] },
        'node_modules/binary-musl': { version: '1.0.0', os: ['linux'], cpu: ['x64'], libc: ['musl'] },
        'node_modules/binary-glibc': { version: '1.0.0', os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
        'node_modules/not-windows': { version: '1.0.0', os: ['!win32'] },
      },
    }
    expect(packagesOf(planted, platformOf('x64')).map(({ place }) => place)).toEqual([
      'node_modules/binary-glibc',
      'node_modules/kept',
      'node_modules/kept/node_modules/nested',
      'node_modules/not-windows',
    ])
  })

  test.each([
    ['dist/index.js.map', 'source maps'],
    ['dist/index.d.ts', 'type declarations and sources in TypeScript'],
    ['src/index.ts', 'type declarations and sources in TypeScript'],
    ['README.md', 'documentation'],
    ['test/index.js', 'tests, examples and documentation'],
    ['.github/workflows/ci.yml', 'settings of other tools'],
    ['dist/browser/index.js', 'builds for browsers and phones'],
    ['build/esnext/index.js', 'second builds as modules, which Node does not choose'],
    ['dist/experimental_attributes.cjs', 'names of OpenTelemetry that are not stable'],
    ['deps/zlib/deflate.c', 'sources of compiled modules'],
    ['node.napi.musl.node', 'compiled modules for another C library or an older Node'],
    ['node.abi115.glibc.node', 'compiled modules for another C library or an older Node'],
  ])('%s is left out: %s', (path, why) => {
    expect(leftOut(path)).toBe(why)
  })

  test.each([
    ['index.js'],
    ['LICENSE'],
    ['package.json'],
    ['node.napi.glibc.node'],
    ['dist/doc/Document.js'],
    ['lib/test/runner.js'],
    ['proto/channelz.proto'],
  ])('%s is kept', (path) => {
    expect(leftOut(path)).toBeUndefined()
  })
})
