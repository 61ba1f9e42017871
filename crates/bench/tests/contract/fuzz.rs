//! The contract itself: fuzzed, and compiled to types.

use bench::demo::{Demo, program};
use serde_json::Value;

use crate::clients::{run, tool};

/// Cases per operation: enough to reach every branch of the readers, and the same number every time.
const CASES: &str = "12";

/// Ids that exist, so that the cases get behind the doors: an account, a post with comments and one of these.
async fn known_ids(demo: &Demo) -> String {
    let url = format!("{}/_sim/media?limit=100", demo.simulator);
    let media: Value = demo
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let post = media["media"]
        .as_array()
        .expect("media")
        .iter()
        .find(|post| {
            post["comments"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        })
        .expect("a post with comments");
    format!(
        "[parameters]\naccount = \"{}\"\nmedia = {}\ncomment = {}\n",
        bench::server::ACCOUNT,
        post["id"],
        post["comments"][0]["id"]
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_fits_the_contract() {
    let demo = Demo::start(
        &program().unwrap(),
        &[("GRAMOPHONE_API__CALLS_PER_MINUTE", "1000000")],
    )
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("known.toml");
    std::fs::write(&ids, known_ids(&demo).await).unwrap();
    let (ids, contract) = (
        ids.display().to_string(),
        format!("{}/openapi.json", demo.server),
    );
    let mut arguments = vec!["--config-file", &ids, "run", &contract];
    arguments.extend([
        "--checks",
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        CASES,
        "--generation-deterministic",
        // Made-up keys would only meet the brake on guessing, which has tests of its own.
        "--generation-with-security-parameters",
        "false",
        "--request-timeout",
        "60",
        "--workers",
        "1",
    ]);
    // Server-sent events never end, raw videos and a browser's form are nothing that can be made up here: each has tests
    // of its own.
    for path in [
        "/v1/stream",
        "/v1/accounts/{account}/uploads",
        "/instagram/auth/page",
    ] {
        arguments.extend(["--exclude-path", path]);
    }
    run(&tool("bin/schemathesis"), &arguments, &[]).await;
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
