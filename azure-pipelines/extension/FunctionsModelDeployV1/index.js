'use strict';
// The task hands its inputs and the service connection on to the tool: in its image where Docker is, else in the environment that
// native/run makes. It needs nothing but Node. Values go on as variables; a command line holds their names alone.
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const TOOL = path.join(__dirname, 'tool', 'native', 'run');
const IMAGE = path.join(__dirname, 'image.txt'); // a release writes it
const NAMES = JSON.parse(fs.readFileSync(path.join(__dirname, 'names.json'), 'utf8'));
const LINUX = 'Use an agent on Linux, such as `vmImage: ubuntu-latest`.';
const INSTEAD = {
    deployToSlotOrASE: 'Remove it: `slotName` alone chooses a slot.',
    imageName: 'Remove it: the task makes the image of `modelPath` and `entryScript`; `registry` and `repositoryName` say where it goes.',
    containerCommand: 'Remove it: the image starts the Functions host by itself.',
    configurationStrings: 'Remove it: settings of the app go into `appSettings`.',
};
// What the tool reads: its inputs, what the agent says of the run and of the connection, the ways to the network and to packages.
const PASSED = /^(FUNCTIONS_MODEL_|TF_BUILD$|AGENT_|BUILD_|SYSTEM_|ENDPOINT_|DECODE_PERCENTS$|SOURCE_DATE_EPOCH$|AZURE_POD_IDENTITY_AUTHORITY_HOST$|(REQUESTS|CURL)_CA_BUNDLE$|SSL_CERT_(FILE|DIR)$|PIP_|UV_|(HTTPS?|NO|ALL)_PROXY$)/i;
const SOCKET = '/var/run/docker.sock';

function command(name, text) {
    const escapes = [[/%/g, '%AZP25'], [/\r/g, '%0D'], [/\n/g, '%0A'], [/\]/g, '%5D'], [/;/g, '%3B']];
    console.log(`##vso[${name}]${escapes.reduce((told, [what, escape]) => told.replace(what, escape), text)}`);
}

function fail(problems) {
    problems.forEach((problem) => command('task.logissue type=error', problem));
    command('task.complete result=Failed;', problems[0]);
}

function input(name) {
    return (process.env[`INPUT_${name.toUpperCase()}`] || '').trim();
}

function refused() {
    if (process.platform !== 'linux') {
        return [`This task runs on Linux only, and this agent runs on ${process.platform}. ${LINUX}`];
    }
    return Object.keys(INSTEAD)
        .filter((name) => input(name))
        .map((name) => `${name}: this task has no such input. ${INSTEAD[name]}`);
}

function environment() {
    const given = Object.entries(NAMES).filter(([name]) => input(name));
    return { ...process.env, ...Object.fromEntries(given.map(([name, variable]) => [variable, input(name)])) };
}

// The image, where an engine for Linux answers and has it or can pull it; else nothing, and why.
function image() {
    const pinned = fs.existsSync(IMAGE) ? fs.readFileSync(IMAGE, 'utf8').trim() : '';
    if (!pinned) return '';
    const engine = spawnSync('docker', ['version', '--format', '{{.Server.Os}}'], { encoding: 'utf8', timeout: 30000 });
    if (engine.status !== 0 || engine.stdout.trim() !== 'linux') return '';
    if (spawnSync('docker', ['image', 'inspect', pinned], { stdio: 'ignore' }).status === 0) return pinned;
    console.log(`Pulling ${pinned} ...`);
    if (spawnSync('docker', ['pull', '--quiet', pinned], { stdio: 'inherit' }).status === 0) return pinned;
    console.log('The image cannot be pulled; the tool is installed on the agent instead.');
    return '';
}

// A folder has the same path inside and outside: what the tool writes and names is there for the agent.
function container(pinned, given) {
    const sources = process.env.BUILD_SOURCESDIRECTORY || process.cwd(); // a classic release has none
    const folders = [process.env.PIPELINE_WORKSPACE || sources, process.env.AGENT_TEMPDIRECTORY];
    const named = ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'].map((name) => process.env[name]);
    const bundles = [...named, ...(process.env.SSL_CERT_DIR || '').split(':')].filter((file) => file && path.isAbsolute(file) && fs.existsSync(file));
    const mounts = [...folders.filter(Boolean).map((folder) => `${folder}:${folder}`), ...new Set(bundles.map((file) => `${file}:${file}:ro`))];
    const engine = given.FUNCTIONS_MODEL_BUILDER === 'docker' && fs.existsSync(SOCKET)
        ? ['--volume', `${SOCKET}:${SOCKET}`, '--group-add', String(fs.statSync(SOCKET).gid)] : [];
    return [
        'run', '--rm', '--network', 'host', '--user', `${process.getuid()}:${process.getgid()}`,
        '--workdir', sources,
        ...mounts.flatMap((mount) => ['--volume', mount]), ...engine,
        ...Object.keys(given).filter((name) => PASSED.test(name)).sort().flatMap((name) => ['--env', name]),
        pinned, 'step',
    ];
}

function run() {
    const problems = refused();
    if (problems.length) return fail(problems);
    const given = environment();
    const pinned = image();
    const [program, words] = pinned ? ['docker', container(pinned, given)] : ['bash', [TOOL, 'step']];
    // The agent tells this process alone that the run was cancelled. The tool has a group of its own, all of which must know. A signal
    // that comes while the tool is started waits until it is there.
    let child;
    ['SIGINT', 'SIGTERM'].forEach((signal) => process.on(signal, () => child.pid && process.kill(-child.pid, signal)));
    child = spawn(program, words, { env: given, stdio: 'inherit', detached: true });
    child.on('error', (error) => fail([`Could not start ${program}: ${error.code}. Install it on the agent.`]));
    // An exit code would say that the agent itself failed: the result is told by a command.
    child.on('exit', (code, signal) => {
        if (code !== 0) command('task.complete result=Failed;', `The tool ended with ${signal || `exit code ${code}`}.`);
    });
}

run();
