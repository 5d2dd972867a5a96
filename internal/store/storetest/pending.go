package storetest

var transactionTests, queueTests, workTests, logTests []namedTest
