/** Chooses the port to serve on. A configured port is used or rejected; only the default port falls back to the next ones. */
import { createServer } from 'node:net';

const DEFAULT_PORT = 8000;
const PORTS_TRIED = 100;

export async function choosePort({ host, wanted, log }) {
  if (wanted) {
    const port = Number(wanted);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`PORT=${wanted} is not a port number.`);
    if (await isFree(host, port)) return port;
    throw new Error(`Port ${port} on ${host} is in use. Stop the program that uses it, or set PORT to another port.`);
  }
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + PORTS_TRIED; port++) {
    if (!(await isFree(host, port))) continue;
    if (port !== DEFAULT_PORT) log(`Port ${DEFAULT_PORT} is in use, using ${port} instead`);
    return port;
  }
  throw new Error(
    `Ports ${DEFAULT_PORT} to ${DEFAULT_PORT + PORTS_TRIED - 1} on ${host} are all in use. Set PORT to another port.`,
  );
}

function isFree(host, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(new Error(`Cannot listen on HOST=${host}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
