# In a directory with package.json, package-lock.json (sluice is a dependency), sluice.config.json and app/, the code that
# it names:
#   docker build -f workers.Dockerfile -t edge .
#   docker run --init=false --cpus 2 -p 8080:8080 edge

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# When sluice was installed from a tarball, which package-lock.json names:
# COPY sluice-*.tgz ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json sluice.config.json ./
COPY app ./app
USER node
ENV NODE_ENV=production SLUICE_CONTROL_DIR=/tmp/sluice
EXPOSE 8080
# Workers have 35 seconds to drain: docker stop --time 45.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node_modules/.bin/sluice", "status", "--timeout", "4s"]
# As many workers as --cpus gives it; without a limit as many as the machine has CPUs.
CMD ["node_modules/.bin/sluice", "run", "--workers", "auto", "sluice.config.json"]
