import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')

/** What an image must hold to and this Dockerfile does not. */
const violations = (text: string): readonly string[] => {
  const found: string[] = []
  const lines = text
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const values = new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^ARG (\w+)=(\S+)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name, value] as const]
    }),
  )
  const stages = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(/\s+/)[1] ?? '')
  for (const stage of stages) {
    const image = stage.replace(/^\$\{(\w+)\}$/, (_, name: string) => values.get(name) ?? '')
    if (!/@sha256:[0-9a-f]{64}$/.test(image)) found.push(`the base ${image} is not pinned by digest`)
  }
  if (stages.length < 2) found.push('there is one stage: build tools would be in the image')
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
  const said = (instruction: string) => last.findLast((line) => line.startsWith(`${instruction} `)) ?? ''
  if (!/^USER [1-9]\d*(:[1-9]\d*)?$/.test(said('USER'))) found.push('the process runs as root, or as a user by name')
  if (!said('HEALTHCHECK').includes('healthcheck.mjs')) found.push('there is no health check')
  if (!/^ENTRYPOINT \[/.test(said('ENTRYPOINT'))) found.push('a shell would keep SIGTERM from the process')
  if (said('STOPSIGNAL') !== 'STOPSIGNAL SIGTERM') found.push('the process drains at SIGTERM')
  if (last.some((line) => line.startsWith('RUN '))) found.push('the last stage runs a command, but has no shell')
  if (last.some((line) => /^COPY .*--chown=.* \.\//.test(line))) found.push('the process could change its own program')
  if (/^ADD /m.test(text)) found.push('ADD fetches and unpacks; COPY does not')
  return found
}

describe('the Dockerfile', () => {
  test('holds to every rule of images', () => {
    expect(violations(dockerfile)).toEqual([])
  })

  test.each([
    ['a base by tag alone', /@sha256:[0-9a-f]{64}/, '', 'is not pinned by digest'],
    ['root', 'USER 65532:65532', 'USER 0', 'runs as root'],
    ['a user by name', 'USER 65532:65532', 'USER nonroot', 'by name'],
    ['no health check', /HEALTHCHECK[^]*?healthcheck.mjs"]/, '', 'no health check'],
    ['an entry point in a shell', /ENTRYPOINT .*/, 'ENTRYPOINT node main.js', 'keep SIGTERM'],
    ['another stop signal', 'STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL', 'drains at SIGTERM'],
    ['files that the process owns', '--from=build /layer', '--from=build --chown=65532:65532 /layer', 'own program'],
    ['a command in the last stage', 'EXPOSE', 'RUN apt-get update\nEXPOSE', 'runs a command'],
    ['an address that is fetched', 'EXPOSE', 'ADD https://example.com/x /x\nEXPOSE', 'ADD fetches'],
  ])('%s is a violation', (_title, from, to, said) => {
    const changed = dockerfile.replace(from, to)
    expect(changed).not.toBe(dockerfile)
    expect(violations(changed).join('\n')).toContain(said)
  })

  test('the build stage is given every file that it copies, and nothing secret', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) => files.split(' '))
    expect(ignored).toContain('*')
    expect(copied.filter((file) => !ignored.includes(`!${file}`))).toEqual([])
    expect(ignored.filter((line) => /^!.*(\.env|secret|\.git$|node_modules|data)/.test(line))).toEqual([])
  })
})
