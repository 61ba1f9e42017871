//! The contract itself: fuzzed, and compiled to types.

use bench::demo::{Demo, program};

use crate::clients::{run, tool};

/// Cases per operation: enough to reach every branch of the readers, and the same number every time.
const CASES: &str = "12";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_fits_the_contract() {
    let demo = Demo::start(
        &program().unwrap(),
        &[("GRAMOPHONE_API__CALLS_PER_MINUTE", "1000000")],
    )
    .await
    .unwrap();
    let contract = format!("{}/openapi.json", demo.server);
    run(
        &tool("bin/schemathesis"),
        &[
            "run",
            &contract,
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            CASES,
            "--seed",
            "20261122",
            "--generation-deterministic",
            "--exclude-path",
            "/v1/stream",
            "--request-timeout",
            "60",
            "--workers",
            "1",
        ],
        &[],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_types_of_the_contract_compile() {
    let demo = Demo::start(&program().unwrap(), &[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let types = folder.path().join("api.ts").display().to_string();
    let contract = format!("{}/openapi.json", demo.server);
    let node = tool("bin/node");
    let generator = tool("node_modules/openapi-typescript/bin/cli.js")
        .display()
        .to_string();
    run(&node, &[&generator, &contract, "-o", &types], &[]).await;
    let written = std::fs::read_to_string(&types).unwrap();
    assert!(
        written.contains("/instagram/user/media"),
        "the document's paths have types"
    );
    let compiler = tool("node_modules/typescript/bin/tsc")
        .display()
        .to_string();
    run(
        &node,
        &[
            &compiler,
            "--strict",
            "--noEmit",
            "--target",
            "es2022",
            "--module",
            "esnext",
            "--moduleResolution",
            "bundler",
            &types,
        ],
        &[],
    )
    .await;
}
