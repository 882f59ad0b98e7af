/** The checks of `npm test` and `npm run test:deep`, each a process of its own, and their summary. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { inProject, ROOT } from './project.mjs'
import { bold, dim, red, say, seconds } from './terminal.mjs'

/** The app's settings in the caller's shell, which must not affect the tests; above all no key may reach them. */
const SETTINGS = [
  ...['NODE_ENV', 'SCRIP_MODE', 'SCRIP_DATA', 'PORT', 'HOST', 'APP_URL', 'SANDBOX_PORT', 'SESSION_SECRET', 'LOG_LEVEL'],
  ...['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE', 'SMTP_URL', 'MAIL_FROM', 'TRUST_PROXY'],
]

const bin = (name) => inProject('node_modules', name)

/**
 * @typedef {object} Outcome
 * @property {string} title
 * @property {number} passed
 * @property {number} failed
 * @property {number} ms
 * @property {string[]} [again] a command for each failed test
 */

/**
 * What `npm test` runs: under five minutes after the install, on two quiet cores.
 * @returns {Promise<number>} the exit code
 */
export function runEverydayChecks() {
  return runChecks(async (outcomes) => {
    // Two at a time: each keeps a core busy, and more would only slow each other down.
    outcomes.push(...(await Promise.all([check('typecheck', [bin('typescript/bin/tsc'), '--noEmit']), lint()])))
    outcomes.push(...(await Promise.all([format(), measure('build', ensureBuilt)])))
    outcomes.push(await vitest('unit and domain tests', ['--project', 'everyday*']))
    outcomes.push(await vitest('a journey in Chromium', ['--project', 'journey']))
  })
}

/**
 * What `npm run test:deep` runs: every test that `npm test` leaves out.
 * @returns {Promise<number>} the exit code
 */
export function runDeepChecks() {
  return runChecks(async (outcomes) => {
    outcomes.push(await measure('build', ensureBuilt))
    outcomes.push(await vitest('failures, processes, random lives', ['--project', 'deep*']))
    outcomes.push(await vitest('the same tests on other dates', ['--config', 'vitest.dates.config.ts']))
    outcomes.push(await vitest('every page in Chromium', ['--project', 'browser']))
  })
}

/** @param {(outcomes: Outcome[]) => Promise<void>} checks */
async function runChecks(checks) {
  const began = performance.now()
  const outcomes = [await measure('install', ensureInstalled)]
  if (outcomes[0].failed === 0) await checks(outcomes)
  return summarize(outcomes, began)
}

function lint() {
  return check('lint', [bin('eslint/bin/eslint.js'), '.', '--max-warnings', '0', ...cached('eslint')])
}

function format() {
  return check('format', [bin('prettier/bin/prettier.cjs'), '--check', '.', ...cached('prettier')])
}

/** Cached by content, since a checkout gives every file a new time. */
function cached(name) {
  return ['--cache', '--cache-strategy', 'content', '--cache-location', inProject(`node_modules/.cache/${name}`)]
}

/** Prints its output only when it fails. */
async function check(title, args) {
  return measure(title, async () => {
    const { code, output } = await run(args, { shown: false })
    if (code !== 0) throw new Error(output)
  })
}

async function measure(title, work) {
  const start = performance.now()
  const outcome = (failed) => ({ title, passed: 1 - failed, failed, ms: performance.now() - start })
  try {
    await work()
    say(`✓ ${title} ${dim(`(${seconds(performance.now() - start)})`)}`)
    return outcome(0)
  } catch (error) {
    say(`${red('✗')} ${title} ${dim(`(${seconds(performance.now() - start)})`)}\n${error.message.trim()}\n`)
    return outcome(1)
  }
}

/** Shows vitest's own output, and counts the tests in its report. */
async function vitest(title, chosen) {
  say(`\n${bold(title)}`)
  const start = performance.now()
  const folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-test-'))
  try {
    const report = path.join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const { code } = await run([bin('vitest/vitest.mjs'), 'run', ...reporters, ...chosen], { shown: true })
    const { passed, failed, failures } = readReport(report)
    const config = chosen.includes('--config') ? chosen.join(' ') + ' ' : ''
    const again = failures.map((failure) => `npx vitest run ${config}${failure}`)
    // An error outside of any test, or a run that never reached its tests, fails no test but must count.
    return { title, passed, failed: code !== 0 && failed === 0 ? 1 : failed, ms: performance.now() - start, again }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `failures`: vitest's arguments that run each failed test alone, or its file where the file itself failed. */
function readReport(file) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
    const failures = testResults
      .filter(({ status }) => status === 'failed')
      .flatMap(({ name, assertionResults }) => {
        const test = path.relative(ROOT, name)
        const titles = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
        return titles.length === 0 ? [test] : titles.map((title) => `${test} -t ${JSON.stringify(asPattern(title))}`)
      })
    return { passed: numPassedTests, failed: numFailedTests, failures: [...new Set(failures)] }
  } catch {
    return { passed: 0, failed: 0, failures: [] }
  }
}

/** -t takes a regular expression. */
function asPattern(title) {
  return title.replace(/[\\^$.*+?()[\]{}|"`!]/g, '.')
}

function run(args, { shown }) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env }
    for (const name of SETTINGS) delete env[name]
    const stdio = shown ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe']
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** @param {Outcome[]} outcomes */
function summarize(outcomes, began) {
  const sum = (key) => outcomes.reduce((total, outcome) => total + outcome[key], 0)
  say()
  for (const { title, passed, failed, ms } of outcomes) {
    const mark = failed > 0 ? red('✗') : '✓'
    say(`${mark} ${title.padEnd(26)} ${`${passed} passed, ${failed} failed`.padEnd(26)} ${dim(seconds(ms))}`)
  }
  const again = outcomes.flatMap((outcome) => outcome.again ?? [])
  if (again.length > 0) say(`\nTo run what failed alone:\n${again.map((command) => `  ${command}`).join('\n')}`)
  say(`\nIn ${seconds(performance.now() - began)}`)
  say(`${sum('passed')} passed, ${sum('failed')} failed`)
  return sum('failed') > 0 ? 1 : 0
}
