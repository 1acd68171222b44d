# LatentMR on a bare Debian: the only step is the one that README.md names. To try the main job:
#   docker build -t latentmr . && docker run --rm -v "$PWD/demo:/latentmr/demo" latentmr make demo
FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates make && rm -rf /var/lib/apt/lists/*
COPY . /latentmr
WORKDIR /latentmr
RUN make setup
CMD ["R"]
